"""The little JOSE a server needs: base64url, keys, signatures, thumbprints."""

import base64
import hashlib
import hmac
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

CURVES = {"P-256": (ec.SECP256R1(), 32), "P-384": (ec.SECP384R1(), 48)}
ECDSA = {"ES256": ("P-256", hashes.SHA256()), "ES384": ("P-384", hashes.SHA384())}
RSA = {"RS256": padding.PKCS1v15(), "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
REQUIRED = {
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
    "OKP": ("crv", "kty", "x"),
    "oct": ("k", "kty"),
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text, *, junk=False):
    if junk:  # what base64 decoders of several languages do when nobody tells them not to
        text = re.sub(r"[^A-Za-z0-9_-]", "", text)
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def first_wins(pairs):
    return dict(reversed(pairs))


def once(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member comes twice")
    return dict(pairs)


def json_object(data, *, twice="last", loose=False):
    """An object; of a member that comes twice the `last` counts, or the `first`, or it is `refused`."""
    hook = {"last": dict, "first": first_wins, "refused": once}[twice]
    constants = float if loose else refuse_constant
    value = json.loads(data.decode("utf-8"), parse_constant=constants, object_pairs_hook=hook)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # bad input is one kind of error here
    return value


def number(text):
    return int.from_bytes(unb64(text), "big")


def public_key(jwk, *, smallest=2048):
    kind = jwk.get("kty")
    if kind == "EC":
        curve, size = CURVES[jwk["crv"]]
        x, y = unb64(jwk["x"]), unb64(jwk["y"])
        if len(x) != size or len(y) != size:
            raise ValueError("coordinate length")
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve
        ).public_key()
    if kind == "RSA":
        key = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
        if not smallest <= key.key_size <= 8192:
            raise ValueError("RSA key size")
        return key
    if kind == "OKP" and jwk.get("crv") == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(unb64(jwk["x"]))
    raise ValueError("key type")


def public_jwk(key):
    """The JWK of an EC or Ed25519 or RSA public key."""
    numbers = key.public_numbers() if not isinstance(key, ed25519.Ed25519PublicKey) else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        name, size = {"secp256r1": ("P-256", 32), "secp384r1": ("P-384", 48)}[key.curve.name]
        x, y = (b64(value.to_bytes(size, "big")) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": name, "x": x, "y": y}
    if isinstance(key, rsa.RSAPublicKey):
        n, e = (b64(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
        return {"kty": "RSA", "n": n, "e": e}
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_bytes_raw())}


def verify(alg, key, data, signature):
    """True if the signature is right and key and algorithm fit together."""
    try:
        if alg in ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
            curve, digest = ECDSA[alg]
            size = CURVES[curve][1]
            if key.curve.name != CURVES[curve][0].name or len(signature) != 2 * size:
                return False
            r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(digest))
        elif alg in RSA and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, RSA[alg], hashes.SHA256())
        elif alg == "EdDSA" and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def der_ok(key, data, signature):
    """True if it is an ECDSA signature in ASN.1."""
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, AttributeError, TypeError):
        return False
    return True


def exponent_one_ok(jwk, data, signature):
    """True if RSA with the exponent 1, which changes nothing, gives the hash."""
    plain = pow(int.from_bytes(signature, "big"), 1, number(jwk["n"]))
    return plain.to_bytes(len(signature), "big").endswith(hashlib.sha256(data).digest())


def thumbprint(jwk, *, members=None, digest=hashlib.sha256):
    names = members or REQUIRED[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in sorted(names)}, separators=(",", ":"), sort_keys=True)
    return b64(digest(text.encode("utf-8", "replace")).digest())


def mac_ok(secret, data, signature):
    return hmac.compare_digest(hmac.new(secret, data, hashlib.sha256).digest(), signature)


def spki_pem(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def sign_es256(key, header, claims):
    """A compact JWS. `header` gets its `alg` here."""
    parts = [b64(json.dumps(part).encode()) for part in ({"alg": "ES256", **header}, claims)]
    data = ".".join(parts).encode()
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return ".".join([*parts, b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])


def split(text, *, twice="last", loose=False, junk=False):
    """Header, claims, signed bytes and signature of a compact JWS."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("not three segments")
    signed = f"{parts[0]}.{parts[1]}".encode("ascii", "replace")
    header, claims = (json_object(unb64(part, junk=junk), twice=twice, loose=loose) for part in parts[:2])
    return header, claims, signed, unb64(parts[2], junk=junk)
