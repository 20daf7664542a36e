"""RFC 9449 section 4.3 as one server might have written it, with the seeded bugs at their places."""

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass

from peers import jose
from peers.httpd import Request
from peers.keys import check_signature, check_typ
from peers.nonces import check_nonce
from peers.refusal import Crash, Refused, bad
from peers.rules import Rules
from peers.uris import same_method, same_uri

MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


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
    if here.has("two-empty"):
        lines = [line for line in lines if line] or lines
    if len(lines) > 1 and not here.has("two-first") and not here.has("two-last"):
        raise bad("more than one DPoP header field")
    line = lines[-1] if here.has("two-last") else lines[0]
    if here.has("proof-decorated"):
        line = line.removeprefix("DPoP ").strip('"')
    return line.split(",")[0].strip() if here.has("comma-first") else line


def take_apart(proof, here):
    """Header, claims, signed bytes and signature; the last is None where there is no third segment."""
    if proof.startswith("{") and here.has("json-serialization"):
        value = json.loads(proof)
        proof = ".".join(value[name] for name in ("protected", "payload", "signature"))
    parts = proof.split(".")
    if here.has("more-segments"):
        parts = parts[:3]
    unsigned = len(parts) == 2 and here.has("two-segments")
    header, claims, signed, signature = jose.split(
        ".".join([*parts, ""] if unsigned else parts),
        twice="first" if here.has("json-first") else here.rules.json_twice,
        loose=here.has("iat-nan"),
        junk=here.has("base64-junk"),
    )
    return header, claims, signed, None if unsigned else signature


def other_jwt(proof, here):
    """Thumbprint of the key of a JWT that is no proof and is taken for one."""
    if here.has("assertion-as-proof"):
        with suppress(Refused):
            name = here.memory.assertion_subject(proof, Refused("proof"))
            return jose.thumbprint(jose.public_jwk(here.memory.clients[name].identity.key.public_key()))
    if here.has("token-as-proof"):
        return (here.memory.read(proof) or {}).get("cnf", {}).get("jkt")
    return None


def judge(proof, here):
    if jkt := other_jwt(proof, here):
        return jkt
    header, claims, signed, signature = take_apart(proof, here)
    if here.rules.nonce_first:
        check_nonce(claims, here)
    check_typ(header, here)
    known = here.has("crit") or (here.has("crit-b64") and header.get("crit") == ["b64"])
    if "crit" in header and not known:
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
    if len(claims.get("jti", "")) > here.rules.jti_length:
        raise bad("jti is too long")
    if here.has("jti-burned"):
        check_replay(claims, jkt, proof, here)
    if "htm" in claims and not same_method(claims["htm"], here):
        raise bad("htm")
    if "htu" in claims and not same_uri(claims["htu"], here):
        raise bad("htu")
    if not here.rules.nonce_first:
        check_nonce(claims, here)
    check_time(claims, here)
    if here.token is not None:
        check_token(claims, header, jwk, jkt, here)
    if not here.has("jti-burned"):
        check_replay(claims, jkt, proof, here)
    return jkt


def check_time(claims, here):
    iat = claims.get("iat")
    if iat is None and here.has("iat-missing"):
        return
    if isinstance(iat, str) and here.has("iat-text"):
        iat = float(iat)
    if isinstance(iat, float) and math.isinf(iat) and here.has("iat-infinite-500"):
        raise RuntimeError("unhandled")
    if not isinstance(iat, int | float) and here.has("iat-untyped"):
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
    ath = claims.get("ath")
    if here.has("ath-hex"):
        known.add(hashlib.sha256(here.token["text"].encode()).hexdigest())
    if here.has("ath-beginning") and isinstance(ath, str) and digest.startswith(ath):
        known.add(ath)
    absent_ok = "ath" not in claims and here.has("ath-missing")
    if ath not in known and not absent_ok and not here.has("ath"):
        raise bad("ath")
    bound = here.token.get("cnf", {}).get("jkt")
    named = "kid" in header or "kid" in jwk
    skip = (
        here.has("jkt")
        or (here.has("jkt-needs-kid") and not named)
        or (here.has("post-weaker") and request_is_post(claims))
        or (here.has("head-weaker") and here.request.method == "HEAD")
        or ((here.rules.has("no-cnf") or here.has("unbound-dpop")) and bound is None)
    )
    if bound != jkt and not skip:
        raise Refused("invalid_token", "the token is bound to another key")


def request_is_post(claims):
    return claims.get("htm") == "POST"


def check_replay(claims, jkt, proof, here):
    jti = claims.get("jti")
    if here.rules.replay == "none" or jti is None:
        return
    scope = {"key": jkt, "jti": "", "htu": str(claims.get("htu"))}[here.rules.replay]
    if here.has("replay-bytes"):
        scope = proof
    if here.has("replay-signature"):
        scope = proof.split(".")[-1]
    name = hashlib.sha256(f"{scope} {jti}".encode("utf-8", "replace")).digest()
    now = here.rules.now()
    if here.memory.seen.get(name, 0) > now:
        raise bad("jti seen before")
    if here.has("replay-race"):
        here.memory.pause(0.02)
    until = now + 2 * (here.rules.past + here.rules.future) + 5
    here.memory.seen[name] = now + here.rules.past if here.has("replay-forgets") else until
    if len(here.memory.seen) > 20000:
        here.memory.seen = {key: end for key, end in here.memory.seen.items() if end > now}
