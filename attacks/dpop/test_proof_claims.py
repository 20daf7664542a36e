"""A proof whose claims are missing, of the wrong type, or made for another request (RFC 9449 section 4.3).

Each row is the valid request of each place that reads proofs, with one claim changed.
"""

import time
from urllib.parse import urlsplit

from keybound.cases import API, PAR, PROOF_READERS, RESOURCES, TOKEN, WRITE, At, Case, cases, spread
from keybound.craft.deltas import (
    HOUR,
    as_text,
    ath_of_another_token,
    ath_with_sha512,
    claim,
    htu,
    in_list,
    other_host,
    raw_claim,
    without_claim,
)
from keybound.craft.jose import unb64url
from keybound.craft.proof import ath
from keybound.errors import NotApplicable


def encoded_slash(path):
    """Encode the last slash between two segments, or one more before the only segment."""
    head, _, last = path.rpartition("/")
    return f"{head}%2F{last}" if head else f"/%2F{last}"


CLAIMS = (
    Case("proof.jti.missing", "no jti", ("RFC9449-4.3-jti-present",), ("jti-optional",),
         "without jti no replay can be noticed", without_claim("jti"), also=("TP-17",)),
    Case("proof.jti.empty", "jti is an empty string", ("RFC9449-4.3-jti-present",), ("jti-any-type",),
         "one empty jti for all proofs", claim("jti", lambda _: ""), lenient=True, also=("TP-18",)),
    Case("proof.jti.number", "jti is a number", ("RFC9449-4.3-jti-present",), ("jti-any-type",),
         "a jti that is no string may not be stored as one", claim("jti", lambda _: 1234567890), lenient=True, also=("TP-18",)),
    Case("proof.htm.missing", "no htm", ("RFC9449-4.3-htm-present",), ("htm-optional",),
         "a proof good for every method", without_claim("htm"), also=("TP-17",)),
    Case("proof.htm.other-method", "htm of another method", ("RFC9449-4.3-htm",), ("htm-not-compared",),
         "a captured proof is used for another method", claim("htm", lambda right: "PUT" if right != "PUT" else "GET"),
         also=("TP-20", "RS-10")),
    Case("proof.htm.empty", "htm is an empty string", ("RFC9449-4.3-htm",), ("htm-prefix-ok",),
         "every method begins with nothing", claim("htm", lambda _: "")),
    Case("proof.htm.prefix", "htm is the method's first letter", ("RFC9449-4.3-htm",), ("htm-prefix-ok",),
         "a method is compared by its beginning only", claim("htm", lambda right: right[:1])),
    Case("proof.htm.longer", "htm is the method and more", ("RFC9449-4.3-htm",), ("htm-prefix-ok",),
         "a method is compared by its beginning only", claim("htm", lambda right: f"{right}X")),
    Case("proof.htm.lower-case", "htm in lower case", ("RFC9449-4.3-htm",), ("htm-case-ignored",),
         "methods have case (RFC 9110 section 9.1)", claim("htm", str.lower), lenient=True, also=("TP-21",)),
    Case("proof.htm.list", "htm is a list that holds the method", ("RFC9449-4.3-htm",), ("htm-list-ok",),
         "loose comparison takes [\"POST\"] for \"POST\"", claim("htm", in_list), also=("TP-18",)),
    Case("proof.htu.missing", "no htu", ("RFC9449-4.3-htu-present",), ("htu-optional",),
         "a proof good for every URL", without_claim("htu"), also=("TP-17",)),
    Case("proof.htu.other-path", "htu of another path", ("RFC9449-4.3-htu",), ("htu-path-ignored",),
         "a proof made for one endpoint opens another", htu(path=lambda right: right.rstrip("/") + "-other"), also=("TP-22",)),
    Case("proof.htu.other-host", "htu of another host", ("RFC9449-4.3-htu",), ("htu-host-ignored",),
         "a proof given to a rogue server is used here", other_host, also=("TP-22",)),
    Case("proof.htu.other-port", "htu of another port", ("RFC9449-4.3-htu",), ("htu-port-ignored",),
         "a proof given to a neighbour on the same host is used here",
         htu(netloc=lambda right: right.partition(":")[0] + ":1"), also=("HT-05",)),
    Case("proof.htu.other-scheme", "htu of another scheme", ("RFC9449-4.3-htu",), ("htu-scheme-ignored",),
         "a proof sent over plain HTTP is used over TLS",
         htu(scheme=lambda right: "http" if right == "https" else "https"), also=("HT-13",)),
    Case("proof.htu.empty", "htu is an empty string", ("RFC9449-4.3-htu",), ("htu-prefix-ok",),
         "every URL begins with nothing", claim("htu", lambda _: "")),
    Case("proof.htu.shorter", "htu without the end of its path", ("RFC9449-4.3-htu",), ("htu-prefix-ok",),
         "a URL is compared by its beginning only", claim("htu", lambda right: right[:-1])),
    Case("proof.htu.longer", "htu with more path behind it", ("RFC9449-4.3-htu",), ("htu-prefix-ok",),
         "a URL is compared by its beginning only", claim("htu", lambda right: f"{right}/more")),
    Case("proof.htu.relative", "htu is the path alone", ("RFC9449-4.3-htu",), ("htu-relative-ok",),
         "a proof made for the same path on another host is used here", claim("htu", lambda right: urlsplit(right).path)),
    Case("proof.htu.unparseable", "htu is no URI", ("RFC9449-4.3-htu",), ("htu-unparseable-ok",),
         "what cannot be parsed is not compared", claim("htu", lambda _: ":::*;"), also=("TP-23",)),
    Case("proof.htu.userinfo", "htu has this host as user name of another", ("RFC9449-4.3-htu",), ("htu-substring-ok",),
         "a proof made for https://this-host@attacker.example is used here",
         htu(netloc=lambda right: f"{right}@attacker.example"), also=("HT-10",)),
    Case("proof.htu.path-case", "htu with its path in upper case", ("RFC9449-4.3-htu-distinct-targets",),
         ("htu-path-case-ignored",), "two resources become one", htu(path=str.upper), lenient=True, also=("HT-06",)),
    Case("proof.htu.trailing-slash", "htu with a slash behind its path", ("RFC9449-4.3-htu-distinct-targets",),
         ("htu-slashes-merged",), "two resources become one", htu(path=lambda right: f"{right}/"), lenient=True, also=("HT-07",)),
    Case("proof.htu.double-slash", "htu with a doubled slash", ("RFC9449-4.3-htu-distinct-targets",), ("htu-slashes-merged",),
         "two resources become one", htu(path=lambda right: f"/{right}"), lenient=True, also=("HT-11",)),
    Case("proof.htu.encoded-slash", "htu with a slash of its path percent-encoded", ("RFC9449-4.3-htu-distinct-targets",),
         ("htu-slashes-merged",), "two resources become one", htu(path=encoded_slash), lenient=True, also=("HT-09",)),
    Case("proof.htu.list", "htu is a list that holds the URL", ("RFC9449-4.3-htu",), ("htu-list-ok",),
         "loose comparison takes a list for its item", claim("htu", in_list), also=("TP-18",)),
    Case("proof.iat.missing", "no iat", ("RFC9449-4.3-iat-present",), ("iat-optional",),
         "a proof without a date never grows old", without_claim("iat"), also=("TP-17", "NO-11")),
    Case("proof.iat.string", "iat is a string of digits", ("RFC9449-4.3-iat-present",), ("iat-string-ok",),
         "a date that is no NumericDate", claim("iat", as_text), lenient=True, also=("TP-18",)),
)

def stale_with_exp(draft):
    """Date the proof an hour back and let it expire an hour from now: it is the server that says how old it may be."""
    now = draft.proof.claims["iat"]
    draft.proof.claims |= {"iat": now - HOUR, "exp": now + HOUR}


FRESHNESS = (
    Case("proof.iat.huge", "iat is 1e400", ("RFC9449-4.3-iat-window",), ("crashes-on-huge-iat",),
         "a date that no clock reaches crashes the server", raw_claim("iat", "1e400")),
    Case("proof.iat.nan", "iat is NaN", ("RFC9449-4.3-iat-window",), ("iat-nan-ok",),
         "NaN is neither too old nor too new", raw_claim("iat", "NaN")),
    Case("proof.iat.zero", "iat is 0", ("RFC9449-4.3-iat-window",), ("iat-no-past-limit",),
         "a proof from 1970 still works", claim("iat", lambda _: 0)),
    Case("proof.iat.negative", "iat is -1", ("RFC9449-4.3-iat-window",), ("iat-no-past-limit",),
         "a proof from before 1970 still works", claim("iat", lambda _: -1)),
    Case("proof.iat.milliseconds", "iat in milliseconds", ("RFC9449-4.3-iat-window",), ("iat-milliseconds-ok",),
         "a date of the far future is divided until it fits", claim("iat", lambda now: now * 1000)),
    Case("proof.iat.stale", "iat one hour ago", ("RFC9449-4.3-iat-window",), ("iat-no-past-limit",),
         "an old captured proof still works", claim("iat", lambda now: now - HOUR), also=("TP-24",)),
    Case("proof.iat.stale-with-exp", "iat one hour ago, exp one hour ahead", ("RFC9449-4.3-iat-window",), ("exp-replaces-iat", "iat-no-past-limit"),
         "whoever makes a proof says himself how long it is good", stale_with_exp),
    Case("proof.iat.future", "iat one hour ahead", ("RFC9449-4.3-iat-window",), ("iat-no-future-limit",),
         "proofs made in advance stay good for later", claim("iat", lambda now: now + HOUR), also=("TP-25",)),
)


def ath_of_part(draft):
    draft.proof.claims["ath"] = ath(draft.token[:-1])


TOKEN_HASH = (
    Case("proof.ath.missing", "no ath", ("RFC9449-4.3-ath",), ("ath-optional",),
         "a proof captured at one place serves with any token", without_claim("ath"), also=("RS-07",)),
    Case("proof.ath.other-token", "ath of another token", ("RFC9449-4.3-ath",), ("ath-not-compared",),
         "a proof made for one token serves with another", ath_of_another_token, also=("RS-08",)),
    Case("proof.ath.empty", "ath is an empty string", ("RFC9449-4.3-ath",), ("ath-empty-ok",),
         "a proof captured at one place serves with any token", claim("ath", lambda _: "")),
    Case("proof.ath.hex", "ath in hex", ("RFC9449-4.3-ath",), ("ath-hex-ok",),
         "the hash has one spelling", claim("ath", lambda right: unb64url(right).hex()), also=("RS-08",)),
    Case("proof.ath.shorter", "ath without its end", ("RFC9449-4.3-ath",), ("ath-prefix-ok",),
         "the hash is compared by its beginning only", claim("ath", lambda right: right[:8]), also=("RS-08",)),
    Case("proof.ath.longer", "ath and one character more", ("RFC9449-4.3-ath",), ("ath-prefix-ok",),
         "a hash is compared as far as both go", claim("ath", lambda right: f"{right}A"), lenient=True),
    Case("proof.ath.other-case", "ath with its letters in the other case", ("RFC9449-4.3-ath",), ("ath-case-ignored",),
         "base64url has case", claim("ath", str.swapcase), also=("RS-08",)),
    Case("proof.ath.part-of-token", "ath of the token without its last character", ("RFC9449-4.3-ath",), ("ath-of-part-ok",),
         "only a part of the token is hashed", ath_of_part, also=("RS-08",)),
    Case("proof.ath.list", "ath is a list that holds the hash", ("RFC9449-4.3-ath",), ("ath-list-ok",),
         "loose comparison takes a list for its item", claim("ath", in_list), also=("RS-09",)),
)

OTHER_HASH = (
    Case("proof.ath.sha512", "ath made with SHA-512", ("RFC9449-11.10-sha256",), ("ath-sha512-ok",),
         "the hash is SHA-256 and no other", ath_with_sha512),
)

def head_with_get(draft):
    draft.method = "HEAD"


PERIOD = (
    Case("proof.exp.past", "exp one hour ago", ("RFC7519-4.1.4-exp-nbf",), ("exp-nbf-ignored",),
         "a proof that says it has expired still works", claim("exp", lambda _: int(time.time()) - HOUR), lenient=True, also=("TP-34",)),
    Case("proof.nbf.future", "nbf one hour ahead", ("RFC7519-4.1.4-exp-nbf",), ("exp-nbf-ignored",),
         "a proof works before it says it does", claim("nbf", lambda _: int(time.time()) + HOUR), lenient=True, also=("TP-34",)),
)
MCP_API = At(API.place, API.prefix, (*API.requirements, "MCP-dpop-proof-checks"))
AT_A_WRITE = tuple(row for row in CLAIMS if row.id in {"proof.htm.other-method", "proof.htu.other-path"})


@cases(*spread(CLAIMS, PROOF_READERS), *spread(TOKEN_HASH + OTHER_HASH, RESOURCES), *spread(AT_A_WRITE, [WRITE]))
def test_wrong_claim_is_refused(case, target):
    target.refuses(case)


@cases(*spread(FRESHNESS, (TOKEN, PAR, MCP_API)))
def test_untimely_proof_is_refused(case, target):
    target.needs_dates()
    target.refuses(case)


@cases(*spread(PERIOD, [At(at.place, at.prefix, ()) for at in (TOKEN, API)]))
def test_proof_outside_its_own_period_is_refused(case, target):
    target.refuses(case)


SIBLING = Case("proof.htu.other-endpoint", "htu of another endpoint of the same server", ("RFC9449-4.3-htu",), ("htu-any-endpoint",),
               "a proof made for one endpoint opens another", also=("TP-22", "RS-10"))


@cases(*spread([SIBLING], PROOF_READERS))
def test_proof_for_another_endpoint_is_refused(case, target):
    siblings = target.endpoints()

    def other(right):
        return next(url for url in siblings if url.partition("?")[0] != right)

    target.refuses(case, claim("htu", other))


HEAD = Case("rs.proof.htm.get-for-head", "a HEAD request with a proof for GET", ("RFC9449-4.3-htm",), ("rs-get-proof-for-head",),
            "methods are compared loosely; some servers treat HEAD as GET all the way", head_with_get, "api", lenient=True)


@cases(HEAD)
def test_head_needs_its_own_proof(case, target):
    resource = target.session.profile.resource
    if resource is None or "HEAD" not in resource.methods or resource.method != "GET":
        raise NotApplicable("the profile does not say that GET and HEAD work at the resource (resource.methods)")
    target.refuses(case)
