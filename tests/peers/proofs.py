"""RFC 9449 section 4.3 as one server might have written it, with the seeded bugs at their places."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509

from peers import jose
from peers.httpd import Request
from peers.rules import Rules

MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
PORTS = {"https": 443, "http": 80}


class Refused(Exception):  # noqa: N818
    """A request refused: an OAuth error code and, where it matters, a status."""

    def __init__(self, error, why="", status=None, nonce=None):
        super().__init__(why)
        self.error, self.why, self.status, self.nonce = error, why, status, nonce


class Crash(Exception):  # noqa: N818
    """A bug that ends the connection without an answer."""


def bad(why):
    return Refused("proof", why)


class Nonces:
    """The nonces of one server, each with its end of life."""

    def __init__(self, rules):
        self.rules, self.ends = rules, {}

    def fresh(self):
        value = secrets.token_urlsafe(24)
        self.ends[value] = self.rules.now() + self.rules.nonce_seconds
        while len(self.ends) > 5000:
            self.ends.pop(next(iter(self.ends)))
        return value

    def good(self, value):
        known = isinstance(value, str) and self.ends.get(value, 0) > self.rules.now()
        if known and self.rules.nonce == "single":
            del self.ends[value]
        return known


@dataclass(frozen=True)
class Here:
    """What a proof is checked against; `token` is the record of the access token at a protected resource."""

    request: Request
    place: str
    rules: Rules
    memory: object
    token: dict | None

    def has(self, bug):
        return self.rules.has(bug, self.place)


def check(request, place, rules, memory, *, token=None):
    """Thumbprint of the key of the request's proof, None without a proof; raises Refused."""
    here = Here(request, place, rules, memory, token)
    lines = request.lines("DPoP")
    if not lines or (lines == [""] and rules.empty_absent):
        return None
    try:
        return judge(pick(lines, here), here)
    except MALFORMED as error:
        if here.has("malformed-500"):
            raise RuntimeError("unhandled") from error
        if here.has("malformed-reset"):
            raise Crash from error
        if here.has("malformed-bearer"):
            return None
        raise bad("malformed") from error
    except Refused as refused:
        if refused.error == "proof" and here.has("bad-proof-bearer"):
            return None
        raise


def pick(lines, here):
    if len(lines) > 1 and not here.has("two-first") and not here.has("two-last"):
        raise bad("more than one DPoP header field")
    line = lines[-1] if here.has("two-last") else lines[0]
    return line.split(",")[0].strip() if here.has("comma-first") else line


def judge(proof, here):
    header, claims, signed, signature = jose.split(proof)
    if here.rules.nonce_first:
        check_nonce(claims, here)
    check_typ(header, here)
    if "crit" in header and not here.has("crit"):
        raise bad("crit")
    jkt, jwk = check_signature(header, signed, signature, here)
    missing = [name for name in ("jti", "htm", "htu", "iat") if name not in claims]
    if any(not here.has(f"{name}-missing") for name in missing):
        raise bad("a claim is missing")
    if here.has("unknown-claims") and set(claims) - {"jti", "htm", "htu", "iat", "ath", "nonce"}:
        raise bad("unknown claim")
    if here.place not in {"rs", "userinfo"} and here.rules.refuse_extra & set(claims):
        raise bad("unexpected claim")
    if "jti" in claims and (not isinstance(claims["jti"], str) or not claims["jti"]):
        raise bad("jti")
    if "htm" in claims and not same_method(claims["htm"], here):
        raise bad("htm")
    if "htu" in claims and not same_uri(claims["htu"], here):
        raise bad("htu")
    if not here.rules.nonce_first:
        check_nonce(claims, here)
    check_time(claims, here)
    if here.token is not None:
        check_token(claims, header, jwk, jkt, here)
    check_replay(claims, jkt, here)
    return jkt


def check_typ(header, here):
    typ = header.get("typ")
    if here.has("typ") or (typ is None and here.has("typ-missing")):
        return
    if here.has("typ-any-jwt") and str(typ).lower().endswith("jwt"):
        return
    if here.rules.typ_media and isinstance(typ, str):
        typ = typ.lower().removeprefix("application/")
    if typ != "dpop+jwt":
        raise bad("typ")


def check_signature(header, signed, signature, here):
    """Thumbprint and JWK of the key that signed."""
    alg, jwk = header["alg"], find_jwk(header, signed, signature, here)
    if not isinstance(jwk, dict):
        if here.has("jwk-type-500"):
            raise RuntimeError("unhandled")
        raise bad("jwk")
    if place_allows_none(alg, signature, here):
        return thumbprint(jwk, here), jwk
    if alg == "HS256" and jwk.get("kty") == "oct" and here.has("hs256-oct"):
        if jose.mac_ok(jose.unb64(jwk["k"]), signed, signature):
            return thumbprint(jwk, here), jwk
        raise bad("signature")
    secret = jose.PRIVATE_MEMBERS & set(jwk)
    if here.has("private-d"):
        secret = set()
    if here.has("private-primes"):
        secret &= {"d", "k"}
    if secret:
        raise bad("private key")
    key = jose.public_key(jwk)
    if alg == "HS256" and here.has("hs256-public"):
        pem = jose.spki_pem(key)
        if any(jose.mac_ok(text, signed, signature) for text in (pem, pem.strip())):
            return thumbprint(jwk, here), jwk
    if alg not in here.rules.algs or (alg == "PS256" and here.has("listed-alg")):
        raise bad("alg")
    if (
        jwk.get("use", "sig") != "sig"
        or jwk.get("alg", alg) != alg
        or "verify" not in jwk.get("key_ops", ["verify"])
    ):
        raise bad("use of the key")
    unchecked = here.has("signature") or (here.has("signature-rsa") and jwk["kty"] == "RSA")
    if not unchecked and not jose.verify(alg, key, signed, signature):
        raise bad("signature")
    jkt = thumbprint(jwk, here)
    here.memory.keys[jkt] = jwk
    return jkt, jwk


def place_allows_none(alg, signature, here):
    spelled = isinstance(alg, str) and alg.lower() == "none"
    return (
        (alg == "none" and here.has("alg-none"))
        or (spelled and alg != "none" and here.has("alg-none-case"))
        or (not signature and alg != "none" and here.has("signature-empty"))
    )


def find_jwk(header, signed, signature, here):
    jwk = header.get("jwk")
    if isinstance(jwk, str) and here.has("jwk-string"):
        return json.loads(jwk)
    if jwk is None and here.has("jwk-x5c") and header.get("x5c"):
        der = jose.base64.b64decode(header["x5c"][0])
        return jose.public_jwk(x509.load_der_x509_certificate(der).public_key())
    if jwk is None and here.has("jwk-cached"):
        alg = header["alg"]
        known = here.memory.keys.values()
        return next((k for k in known if jose.verify(alg, jose.public_key(k), signed, signature)), None)
    return jwk


def thumbprint(jwk, here):
    if here.has("jkt-kid") and isinstance(jwk.get("kid"), str):
        return jwk["kid"]
    if here.rules.has("jkt-sha1"):
        return jose.thumbprint(jwk, digest=hashlib.sha1)
    if here.rules.has("jkt-hex"):
        return jose.unb64(jose.thumbprint(jwk)).hex()
    if here.rules.has("jkt-all-members"):
        return jose.thumbprint(jwk, members=list(jwk))
    return jose.thumbprint(jwk)


def same_method(htm, here):
    method = here.request.method
    if not isinstance(htm, str):
        return False
    if here.has("htm-override"):
        method = here.request.headers.get("X-HTTP-Method-Override", method)
    if (
        here.has("htm")
        or (here.has("htm-shorter") and method.startswith(htm))
        or (here.has("htm-longer") and htm.startswith(method))
        or (here.has("htm-head") and (method, htm) == ("HEAD", "GET"))
    ):
        return True
    return htm == method if here.rules.htm_case else htm.upper() == method


def same_uri(htu, here):
    expected = here.request.url
    if here.has("htu-host-header"):
        expected = f"https://{here.request.headers.get('Host')}{here.request.path}"
    if here.has("htu-forwarded"):
        host = here.request.headers.get("X-Forwarded-Host", urlsplit(expected).netloc)
        expected = f"https://{host}{here.request.path}"
    if isinstance(htu, list) and here.has("htu-array"):
        return expected in htu
    if not isinstance(htu, str):
        return False
    if here.has("htu"):
        return True
    if here.has("htu-longer") and htu.startswith(expected):
        return True
    if here.has("htu-shorter") and expected.startswith(htu):
        return True
    if here.has("htu-contains") and expected in htu:
        return True
    if here.has("htu-own-endpoint") and htu in here.memory.urls:
        return True
    if here.has("htu-request-query"):
        expected += f"?{here.request.query}" if here.request.query else ""
        return htu == expected
    if here.rules.htu == "exact":
        return htu == expected
    theirs, ours = (
        normal(htu, lenient=here.rules.htu == "lenient"),
        normal(expected, lenient=here.rules.htu == "lenient"),
    )
    skipped = {"htu-path-only": (0, 1, 2), "htu-host-only": (0, 2, 3), "htu-port": (2,), "htu-scheme": (0, 2)}
    for bug, indexes in skipped.items():
        if here.rules.has(bug, here.place):
            theirs, ours = (
                [part for index, part in enumerate(url) if index not in indexes] for url in (theirs, ours)
            )
    return theirs == ours


def normal(url, *, lenient):
    """Scheme, host, port and path after RFC 3986 sections 6.2.2 and 6.2.3, without query and fragment."""
    if not re.fullmatch(r"[!-\[\]-~]+", url):  # no blanks, no controls, no backslash
        raise ValueError("not a URI")
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname or (parts.username is not None and not lenient):
        raise ValueError("not an absolute URI")
    path = re.sub(r"%([0-9A-Fa-f]{2})", unescape, parts.path)
    path = dotless(path) or "/"
    if lenient and path != "/":
        path = path.removesuffix("/")
    return parts.scheme.lower(), parts.hostname.lower(), parts.port or PORTS.get(parts.scheme), path


def unescape(match):
    letter = chr(int(match[1], 16))
    return letter if re.fullmatch(r"[A-Za-z0-9._~-]", letter) else match[0].upper()


def dotless(path):
    kept = []
    parts = path.split("/")
    for part in parts[1:]:
        if part == "..":
            kept = kept[:-1]
        elif part != ".":
            kept.append(part)
    if parts[-1] in {".", ".."}:
        kept.append("")
    return "".join(f"/{part}" for part in kept)


def check_nonce(claims, here):
    if here.rules.nonce == "off":
        return
    store = here.memory.nonces[here.place]
    given = claims.get("nonce")
    if given is None and here.has("nonce-optional"):
        return
    if given is not None and here.has("nonce-any"):
        return
    mute = given is not None and here.has("nonce-no-header")
    if not store.good(given):
        raise Refused("use_dpop_nonce", "a nonce is needed", nonce=None if mute else store)


def check_time(claims, here):
    iat = claims.get("iat")
    if iat is None and here.has("iat-missing"):
        return
    if isinstance(iat, bool) or not isinstance(iat, int | float):
        raise bad("iat")
    if here.rules.exp_checked and not claims.get("nbf", 0) <= here.rules.now() < claims.get(
        "exp", float("inf")
    ):
        raise bad("exp or nbf")
    if here.rules.nonce != "off" and not here.rules.iat_with_nonce:
        return
    if here.has("iat-milliseconds") and iat > 1e11:
        iat /= 1000
    past = here.rules.past * (1000 if here.has("iat-window-1000") else 1)
    age = here.rules.now() - iat
    if (age > past and not here.has("iat-past")) or (age < -here.rules.future and not here.has("iat-future")):
        raise bad("iat")


def check_token(claims, header, jwk, jkt, here):
    digest = jose.b64(hashlib.sha256(here.token["text"].encode()).digest())
    known = {digest}
    if here.has("ath-earlier"):
        known |= here.memory.ath.get(jkt, set())
    here.memory.ath.setdefault(jkt, set()).add(digest)
    absent_ok = "ath" not in claims and here.has("ath-missing")
    if claims.get("ath") not in known and not absent_ok and not here.has("ath"):
        raise bad("ath")
    bound = here.token.get("cnf", {}).get("jkt")
    named = "kid" in header or "kid" in jwk
    skip = (
        here.has("jkt")
        or (here.has("jkt-needs-kid") and not named)
        or (here.has("post-weaker") and request_is_post(claims))
        or (here.rules.has("no-cnf") and bound is None)
    )
    if bound != jkt and not skip:
        raise Refused("invalid_token", "the token is bound to another key")


def request_is_post(claims):
    return claims.get("htm") == "POST"


def check_replay(claims, jkt, here):
    jti = claims.get("jti")
    if here.rules.replay == "none" or jti is None:
        return
    scope = {"key": jkt, "jti": "", "htu": str(claims.get("htu"))}[here.rules.replay]
    name = hashlib.sha256(f"{scope} {jti}".encode("utf-8", "replace")).digest()
    now = here.rules.now()
    if here.memory.seen.get(name, 0) > now:
        raise bad("jti seen before")
    here.memory.seen[name] = now + 2 * (here.rules.past + here.rules.future) + 5
    if len(here.memory.seen) > 20000:
        here.memory.seen = {key: end for key, end in here.memory.seen.items() if end > now}
