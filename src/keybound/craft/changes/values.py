"""Wrong values made out of right ones: what a change may write instead of a claim, a member or a signature."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

from keybound.craft.certificates import x5c_of
from keybound.craft.jose import Key, b64url, compact_json, sha256_b64url, unb64url
from keybound.craft.named import named
from keybound.errors import NotApplicable

HOUR = 3600
OTHER_HOST = "attacker.example"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def value_of(value: object, right: object) -> Any:
    """Return `value` itself, or what it makes of the right one where it is a function of that."""
    return value(right) if callable(value) else deepcopy(value)


# --- JSON ------------------------------------------------------------------------------------------------------------


@named
def in_list(right: object) -> list[object]:
    """The right value as the only one of a list."""
    return [right]


@named
def in_object(right: object) -> dict[str, object]:
    """The right value in an object."""
    return {"value": right}


@named
def as_text(right: object) -> str:
    """The JSON text of the right value, as a string."""
    return json.dumps(right)


@named
def not_utf8(right: str) -> str:
    """The text of a JSON object with one more member, which holds an octet that is not UTF-8."""
    return right[:-1] + ',"x":"\udcff"}'


@named
def with_deep_member(right: str, levels: int) -> str:
    """The text of a JSON object with one more member: so many lists in each other."""
    return f'{right[:-1]},"https://keybound.example/odd":{"[" * levels}{"]" * levels}}}'


@named
def with_long_number(right: str, digits: int) -> str:
    """The text of a JSON object with one more member: a number of so many digits."""
    return f'{right[:-1]},"https://keybound.example/odd":{"9" * digits}}}'


# --- text ------------------------------------------------------------------------------------------------------------


@named
def upper_case(right: str) -> str:
    """The right value in upper case."""
    return right.upper()


@named
def lower_case(right: str) -> str:
    """The right value in lower case."""
    return right.lower()


@named
def other_case(right: str) -> str:
    """The right value with each letter in its other case."""
    return right.swapcase()


@named
def beginning(right: str, length: int) -> str:
    """The first characters of the right value."""
    return right[:length]


@named
def without_last_character(right: str) -> str:
    """The right value without its last character."""
    return right[:-1]


@named
def other_last_character(right: str) -> str:
    """The right value with another last character."""
    return right[:-1] + ("A" if right[-1:] != "A" else "B")


@named
def nonce_in_other_case(right: str) -> str:
    """The right nonce with each letter in its other case; raises NotApplicable where it has no letters."""
    if right.swapcase() == right:
        raise NotApplicable("nonces here have no case")
    return right.swapcase()


@named
def altered_token(right: str) -> str:
    """The right token with one character changed: in the middle of a JWT's claims, or of any other token."""
    parts = right.split(".")
    where = 1 if len(parts) > 2 and parts[1] else 0
    part, middle = parts[where], len(parts[where]) // 2
    parts[where] = part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]
    return ".".join(parts)


@named
def backwards(right: str) -> str:
    """The right value from its end to its beginning."""
    return right[::-1]


@named
def written(right: str, template: str) -> str:
    """The template, with the right value in place of {}."""
    return template.replace("{}", right)


@named
def replaced(right: str, old: str, new: str) -> str:
    """The right value with a text in it replaced by another, once."""
    return right.replace(old, new, 1)


@named
def with_inside(right: str, text: str) -> str:
    """The right value with a text behind its eighth character."""
    return f"{right[:8]}{text}{right[8:]}"


@named
def with_last_character_encoded(right: str) -> str:
    """The right path with its last character percent-encoded (RFC 3986 section 2.1)."""
    return f"{right[:-1]}%{ord(right[-1]):02X}"


# --- requests, addresses and dates -----------------------------------------------------------------------------------


@named
def other_method(right: str) -> str:
    """Another method than the right one."""
    return "PUT" if right != "PUT" else "GET"


@named
def one_other(right: str, urls: Sequence[str]) -> str:
    """The first of some URLs that is not the right one, whatever their queries."""
    return next(url for url in urls if url.partition("?")[0] != right)


@named
def other_host(right: str) -> str:
    """Another host, at the port of the right authority."""
    return re.sub(r"^[^:]*", OTHER_HOST, right)


@named
def other_path(right: str) -> str:
    """Another path than the right one, at the same place of it."""
    return right.rstrip("/") + "-other"


@named
def encoded_slash(right: str) -> str:
    """The right path with its last slash between two segments encoded, or one more before the only segment."""
    head, _, last = right.rpartition("/")
    return f"{head}%2F{last}" if head else f"/%2F{last}"


@named
def path_alone(right: str) -> str:
    """The path of a URL, without scheme and host."""
    return urlsplit(right).path


@named
def other_port(right: str) -> str:
    """The host of an authority, at port 1."""
    return right.partition(":")[0] + ":1"


@named
def other_scheme(right: str) -> str:
    """The other one of http and https."""
    return "http" if right == "https" else "https"


@named
def first_followed_by(right: object, text: str) -> str:
    """The right audience, or the first one of several, and more text."""
    return f"{right[0] if isinstance(right, list) else right}{text}"


@named
def preceded_by(right: object, *others: str) -> list[object]:
    """Several audiences, of which the right one or ones come last."""
    return [*others, *(right if isinstance(right, list) else [right])]


@named
def from_now(_: object, seconds: int) -> int:
    """The date so many seconds from now, by the clock of this machine."""
    return int(time.time()) + seconds


@named
def milliseconds(right: int) -> int:
    """The right date in milliseconds."""
    return right * 1000


@named
def later(right: float, seconds: float) -> float:
    """The right date and so many seconds more."""
    return right + seconds


# --- serialization ---------------------------------------------------------------------------------------------------


@named
def without_last_segment(right: str) -> str:
    """A compact serialization without its last segment and the dot before it."""
    return right.rpartition(".")[0]


@named
def flattened(right: str) -> str:
    """The flattened JSON serialization (RFC 7515 section 7.2.2)."""
    header, claims, signature = right.split(".")
    return json.dumps({"protected": header, "payload": claims, "signature": signature})


@named
def padded(right: str) -> str:
    """A compact serialization whose segments end in base64 padding."""
    return ".".join(part + "=" * (-len(part) % 4) for part in right.split("."))


@named
def not_base64url(right: str) -> str:
    """A compact serialization with a character before its claims that base64url does not have."""
    return right.replace(".", ".!", 1)


# --- keys and signatures ---------------------------------------------------------------------------------------------


@named
def reordered_with_optional_members(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The same key with more members, in another order: its thumbprint stays (RFC 7638 section 3)."""
    reordered = dict(reversed(list(jwk.items())))
    more = {"key_ops": ["verify"], "https://keybound.example/": 1}
    return {"use": "sig", "kid": "keybound", **reordered, **more}


@named
def off_curve(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """An EC key whose point is not on its curve: the last bit of y is flipped."""
    y = unb64url(str(jwk["y"]))
    return {**jwk, "y": b64url(y[:-1] + bytes([y[-1] ^ 1]))}


@named
def origin(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """An EC key whose coordinates are zeros, which is no point of the curve."""
    zeros = {name: b64url(bytes(len(unb64url(str(jwk[name]))))) for name in ("x", "y")}
    return {**jwk, **zeros}


@named
def thumbprint(key: Key) -> str:
    """The thumbprint of a key (RFC 7638)."""
    return key.thumbprint


@named
def certified(key: Key) -> list[str]:
    """A certificate of a key, as `x5c` holds it."""
    return [x5c_of(key)]


@named
def public_jwk(key: Key) -> bytes:
    """The JSON text of a public key."""
    return compact_json(key.jwk)


@named
def in_hex(right: str) -> str:
    """Base64url as hexadecimal digits."""
    return unb64url(right).hex()


@named
def alg_of_another_key(right: str) -> str:
    """An algorithm that does not go with the right one's keys."""
    return "ES256" if right[:2] != "ES" else "RS256"


@named
def zeros(right: bytes) -> bytes:
    """As many zeros as the right signature has octets."""
    return bytes(len(right))


@named
def orders(_: bytes) -> bytes:
    """The ES256 signature (n, n): each number is zero modulo the order of the curve."""
    return _P256_ORDER.to_bytes(32, "big") * 2


@named
def widened(right: bytes) -> bytes:
    """An ECDSA signature with a zero octet before each of its two numbers."""
    half = len(right) // 2
    return b"\0" + right[:half] + b"\0" + right[half:]


@named
def with_tail(right: bytes) -> bytes:
    """A signature with an octet behind it."""
    return right + b"\0"


@named
def thumbprint_of_nothing(_: object) -> str:
    """A well-formed thumbprint of a key or certificate that nobody has."""
    return sha256_b64url(b"keybound: nobody holds this")
