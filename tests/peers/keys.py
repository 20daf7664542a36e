"""Header, key and signature of a proof, with the seeded bugs at their places."""

import hashlib
import json
import ssl
from http.client import HTTPException
from urllib.request import urlopen

from cryptography import x509

from peers import jose
from peers.refusal import bad
from peers.rules import LAWFUL_ALGS


def check_typ(header, here):
    typ = header.get("typ")
    if here.has("typ") or (typ is None and here.has("typ-missing")):
        return
    if here.has("typ-suffix") and str(typ).endswith("+jwt"):
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
    if here.has("rsa-exponent-1") and jwk.get("e") == "AQ":
        if not jose.exponent_one_ok(jwk, signed, signature):
            raise bad("signature")
        return thumbprint(jwk, here), jwk
    key = find_key(jwk, here)
    if alg == "HS256" and here.has("hs256-public"):
        pem = jose.spki_pem(key)
        if any(jose.mac_ok(text, signed, signature) for text in (pem, pem.strip())):
            return thumbprint(jwk, here), jwk
    algs = LAWFUL_ALGS if here.has("alg-unlisted") else here.rules.algs
    if alg not in algs or (alg == "PS256" and here.has("listed-alg")):
        raise bad("alg")
    if (
        jwk.get("use", "sig") != "sig"
        or jwk.get("alg", alg) != alg
        or "verify" not in jwk.get("key_ops", ["verify"])
        or (here.has("jwk-optional-members") and {"kid", "use", "alg", "key_ops"} & set(jwk))
    ):
        raise bad("use of the key")
    unchecked = here.has("signature") or (here.has("signature-rsa") and jwk["kty"] == "RSA")
    jkt = thumbprint(jwk, here)
    unchecked = unchecked or (here.has("signature-cached") and (jkt, signature) in here.memory.verified)
    good = unchecked or jose.verify(alg, key, signed, signature)
    if not good and not (here.has("signature-der") and jose.der_ok(key, signed, signature)):
        raise bad("signature")
    here.memory.verified.add((jkt, signature))
    here.memory.keys[jkt] = jwk
    return jkt, jwk


def place_allows_none(alg, signature, here):
    spelled = isinstance(alg, str) and alg.lower() == "none"
    return (
        (alg == "none" and here.has("alg-none"))
        or (spelled and alg != "none" and here.has("alg-none-case"))
        or (not signature and alg != "none" and here.has("signature-empty"))
        or (signature is None and alg != "none")  # only `two-segments` lets that come here
        or (here.has("signature-zeros") and alg == "ES256" and set(signature) == {0})
    )


def find_key(jwk, here):
    try:
        return jose.public_key(jwk, smallest=1024 if here.has("rsa-1024") else 2048)
    except ValueError as error:
        if jwk.get("kty") == "EC" and here.has("off-curve-500"):
            raise RuntimeError("unhandled") from error
        raise


def fetched(url):
    """The bytes at a URL of the sender's choice; b"" where there is nothing."""
    try:
        with urlopen(url, timeout=2, context=ssl._create_unverified_context()) as answer:
            return answer.read()
    except (OSError, ValueError, HTTPException):
        return b""


def find_jwk(header, signed, signature, here):
    jwk = header.get("jwk")
    if here.has("x5u-fetched") and "x5u" in header:
        fetched(header["x5u"])
    if jwk is None and here.has("jku-fetched") and "jku" in header:
        return json.loads(fetched(header["jku"]))["keys"][0]
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
    if here.rules.has("jkt-leading-zero") and jwk["kty"] == "EC":
        short = {name: jose.b64(jose.unb64(jwk[name]).lstrip(b"\0")) for name in ("x", "y")}
        return jose.thumbprint({**jwk, **short})
    if here.rules.has("jkt-hex"):
        return jose.unb64(jose.thumbprint(jwk)).hex()
    if here.rules.has("jkt-all-members"):
        return jose.thumbprint(jwk, members=list(jwk))
    return jose.thumbprint(jwk)
