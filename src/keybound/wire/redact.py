"""Take secrets out of everything that is written down.

Two nets. Registered secrets are found wherever and however they are encoded. Patterns find what nobody
registered: JWTs, private keys, credentials in headers, parameters whose name says that they are secret.
A mask reads `<kind>` or `<kind:1a2b3c4d>`; the fingerprint keeps two values comparable within one run.
"""

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

Headers = list[tuple[str, str]]

# Kinds of high entropy get a fingerprint. A password never does: eight hex digits would help to guess it.
_FINGERPRINTED = {"token", "code", "cookie", "jwt", "proof", "assertion", "verifier"}

_PARAMETERS = {
    "access_token": "token",
    "refresh_token": "token",
    "id_token": "token",
    "id_token_hint": "token",
    "registration_access_token": "token",
    "subject_token": "token",
    "actor_token": "token",
    "token": "token",
    "code": "code",
    "device_code": "code",
    "user_code": "code",
    "auth_req_id": "code",
    "client_assertion": "assertion",
    "assertion": "assertion",
    "code_verifier": "verifier",
    "client_secret": "secret",
    "password": "password",
}
# In JSON, "code" is an error number more often than an authorization code (RFC 6749 never puts one there).
_MEMBERS = {name: kind for name, kind in _PARAMETERS.items() if name != "code"}
# In an event, "token" is the name of an endpoint.
_EVENT_MEMBERS = {name: kind for name, kind in _MEMBERS.items() if name != "token"}
_JWK_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "k")

_MASK = re.compile(r"<[a-z]+(:[0-9a-f]{8})?>")
_SCHEME = re.compile(r"[A-Za-z][\w-]{0,11}")
_USERINFO = re.compile(r"(?<=://)([^/?#@:]*):([^/?#@]*)@")
# A JSON object in base64url ('{"', '{ ' or '{' and a newline) and what follows it; always consumes the whole
# run, so that a hostile body cannot make the search quadratic. A dot makes it a JWT.
_JWT = re.compile(r"e(?:yJ|yA|wo|w0)[\w-]*+(?:\.[\w-]*+){0,4}")
_JWT_HEADER = 12  # characters of the shortest first part
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def _members(names: tuple[str, ...], shortest: int) -> tuple[re.Pattern[str], ...]:
    """Return patterns for string members of JSON, plain and inside a JSON string; the end may be missing."""
    name = "|".join(sorted(names, key=len, reverse=True))
    return (
        re.compile(rf'("({name})"\s*:\s*")((?:[^"\\]|\\.){{{shortest},}})', re.DOTALL),
        re.compile(rf'(\\"({name})\\"\s*:\s*\\")((?:[^"\\]|\\\\\\?.){{{shortest},}})', re.DOTALL),
    )


_JSON_SECRETS = _members(tuple(_MEMBERS), 1)
_JSON_KEYS = _members(_JWK_PRIVATE, 16)

# A value shorter than this is masked only where it stands alone, or "secret" would eat "client_secret".
_ALONE = 8
# Long values are found by sampling the text: every _STEP characters, is this run of _GRAM one of ours?
# A value of at least _STEP + _GRAM - 1 characters cannot hide between two samples.
_GRAM, _STEP = 8, 9
_LONG = _GRAM + _STEP - 1


def _lower_percent(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), text)


_ENCODERS: tuple[Callable[[str], str], ...] = (
    quote,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: quote(value, safe="!'()*"),  # JavaScript
    lambda value: quote_plus(value, safe="*").replace("~", "%7E"),  # Java
    lambda value: _lower_percent(quote(value, safe="")),
    lambda value: _lower_percent(quote_plus(value)),
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    html.escape,
    lambda value: html.escape(value, quote=False),
    lambda value: html.escape(value).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
)


def _base64(value: str) -> Iterator[str]:
    """Yield what base64 makes of `value`: alone, and inside a longer text at each of the three offsets."""
    raw = value.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(raw).decode()
        yield from (alone, alone.rstrip("="))
        for before in range(3):
            # Only the characters that no neighbour can change.
            inner = encode(b"\0" * before + raw).decode().rstrip("=")
            yield inner[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


_PLAIN = re.compile(r"[\w.-]*", re.ASCII)


def _variants(value: str) -> set[str]:
    """Return the ways `value` may be written in a URL, a form, JSON, HTML or base64, nested up to twice."""
    found = new = {value}
    for _ in range(2):
        # Most tokens are plain, and no encoder changes what is plain.
        new = {encode(variant) for variant in new if not _PLAIN.fullmatch(variant) for encode in _ENCODERS}
        found |= new
    for plain in {value, quote_plus(value)}:
        # The pieces of a short value are too short to mean anything.
        pieces = {piece for piece in _base64(plain) if len(piece) >= _ALONE}
        found |= pieces
        for piece in pieces:
            if not _PLAIN.fullmatch(piece):
                quoted = quote(piece, safe="")
                found |= {
                    quoted,
                    _lower_percent(quoted),
                    quote(quoted),
                    piece.replace("/", "\\/"),
                    quote(piece),
                }
    return found


class Redactor:
    """Masks secrets in text.

    `key` makes the fingerprints (HMAC-SHA256); processes of one run share it, and it is never written.
    Without a key there are no fingerprints. Redact before cutting a text: half a secret is not recognised.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key
        self._known: dict[str, str] = {}  # value -> kind
        self._grams: dict[str, list[tuple[str, int, str]]] = {}  # run -> (variant, offset of the run, mask)
        self._short: dict[str, tuple[str, bool]] = {}  # variant -> (mask, only where it stands alone)

    def secret(self, value: str, kind: str) -> None:
        """Register `value`; `kind` is the word of its mask (token, code, cookie, secret, password, key)."""
        if not value or value in self._known:
            return
        mask = self.mask(value, kind)
        for variant in _variants(value):
            if len(variant) < _LONG:
                self._short[variant] = (mask, len(value) < _ALONE)
                continue
            # The tail of a token differs where its head, a JWT header, is the same as all others'.
            tail = len(variant) - _LONG
            for offset in range(tail, tail + _STEP):
                run = variant[offset : offset + _GRAM]
                self._grams.setdefault(run, []).append((variant, offset, mask))
        self._known[value] = kind

    def mask(self, value: str, kind: str) -> str:
        """Return the mask of `value`; a mask, and nothing, stay as they are."""
        if not value or _MASK.fullmatch(value):
            return value
        kind = self._known.get(value, kind)
        if self._key is None or kind not in _FINGERPRINTED:
            return f"<{kind}>"
        return f"<{kind}:{hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:8]}>"

    def text(self, text: str) -> str:
        r"""Return `text` without registered secrets, JWTs and private keys (PEM and JWK).

        Half a surrogate pair, which JSON can hold and UTF-8 cannot, becomes `\ud800`.
        """
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode()
        text = self._mask_long(text)
        text = self._mask_short(text)
        text = _JWT.sub(self._jwt, text)
        if "PRIVATE KEY-----" in text:
            text = _PEM.sub("<key>", text)
        if '"kty' in text:
            for pattern in _JSON_KEYS:
                text = pattern.sub(r"\1<key>", text)
        return text

    def json(self, text: str) -> str:
        """Return a JSON text, whole, broken or cut, without secrets; masks members by their name too."""
        for pattern in _JSON_SECRETS:
            text = pattern.sub(lambda found: found[1] + self.mask(found[3], _MEMBERS[found[2]]), text)
        return self.text(text)

    def form(self, text: str) -> str:
        """Return a form body or a query without secrets; masks parameters by their name too."""
        return self.text("&".join(map(self._parameter, text.split("&"))))

    def url(self, url: str) -> str:
        """Return a URL without secrets in its userinfo, query and fragment."""
        url = _USERINFO.sub(r"\1:<password>@", url)
        base, *rest = re.split(r"([?#])", url)
        return self.text(base) + "".join(part if part in "?#" else self.form(part) for part in rest)

    def headers(self, headers: Headers) -> Headers:
        """Return headers without credentials; names, schemes, cookie names and cookie attributes stay."""
        return [(name, self._header(name.lower(), value)) for name, value in headers]

    def tree(self, value: Any) -> Any:
        """Return JSON data (an event) without secrets: every string in it, and members by their name."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        if isinstance(value, dict):
            kinds = _EVENT_MEMBERS | (dict.fromkeys(_JWK_PRIVATE, "key") if "kty" in value else {})
            return {
                self.text(name): self.mask(item, kinds[name])
                if name in kinds and isinstance(item, str)
                else self.tree(item)
                for name, item in value.items()
            }
        return value

    def _jwt(self, found: re.Match[str]) -> str:
        return self.mask(found[0], "jwt") if found[0].find(".") >= _JWT_HEADER else found[0]

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        kind = _PARAMETERS.get(unquote_plus(name).strip().lower())
        if kind is None or _MASK.fullmatch(value):
            return pair
        return name + equals + self.mask(unquote_plus(value), kind)

    def _header(self, name: str, value: str) -> str:
        match name:
            case "authorization" | "proxy-authorization":
                return self._credentials(value)
            case "dpop":
                return self.mask(value, "proof")
            case "cookie":
                return "; ".join(self._cookie(pair.strip()) for pair in value.split(";"))
            case "set-cookie":
                pair, *attributes = value.split(";")
                return ";".join([self._cookie(pair), *attributes])
            case "location" | "content-location" | "referer":
                return self.url(value)
        return self.text(value)

    def _credentials(self, value: str) -> str:
        scheme, *rest = value.split(None, 1)[:2] or [""]
        if not _SCHEME.fullmatch(scheme) or scheme in self._known:
            return self.mask(value, "token")
        if not rest:
            return value
        kind = "secret" if scheme.lower() in {"basic", "digest"} else "token"
        return f"{scheme} {self.mask(rest[0], kind)}"

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return name + equals + self.mask(value, "cookie") if equals else self.mask(pair, "cookie")

    def _mask_long(self, text: str) -> str:
        grams, spans = self._grams, list[tuple[int, int, str]]()
        if grams:
            for position in range(0, len(text) - _GRAM + 1, _STEP):
                if (run := text[position : position + _GRAM]) in grams:
                    for variant, offset, mask in grams[run]:
                        start = position - offset
                        if start >= 0 and text.startswith(variant, start):
                            spans.append((start, -len(variant), mask))
        parts, end = list[str](), 0
        for start, length, mask in sorted(spans):
            if start >= end:
                parts += (text[end:start], mask)
                end = start - length
        return "".join([*parts, text[end:]])

    def _mask_short(self, text: str) -> str:
        # One `in` is far cheaper than one branch of a pattern at every character.
        present = [variant for variant in list(self._short) if variant in text]
        if not present:
            return text
        present.sort(key=len, reverse=True)
        pattern = "|".join(_standing_alone(it) if self._short[it][1] else re.escape(it) for it in present)
        return re.sub(pattern, lambda found: self._short[found[0]][0], text)


def _standing_alone(text: str) -> str:
    r"""Return a pattern for `text` as a word; after %3D or \n a word begins, whatever the letters say."""
    before = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
    return before + re.escape(text) + r"(?![A-Za-z0-9_])"
