"""A proof made for another origin or method, with header fields that make this server believe it is that one.

RFC 9449 section 4.3 compares with the request as it was received. Many servers learn their own name from fields that a
trusted proxy sets, and this machine may count as one, so a breach is a warning.
"""

from dataclasses import replace

from keybound.cases import API, TOKEN, Case, cases, spread
from keybound.craft.deltas import all_of, claim, htu, with_header

ELSEWHERE = "attacker.example"
MOVED = htu(netloc=ELSEWHERE)
HTU, HTM = ("RFC9449-4.3-htu",), ("RFC9449-4.3-htm",)
RELAY = "a proof given to a rogue server is sent on to this one, which takes itself for the other"

FIELDS = (
    Case("proof.moved.host", "htu and Host of another origin", HTU, ("host-trusted",), RELAY,
         all_of(MOVED, with_header("Host", ELSEWHERE)), lenient=True, also=("HT-12",)),
    Case("proof.moved.x-forwarded-host", "htu and X-Forwarded-Host of another origin", HTU, ("forwarded-trusted",), RELAY,
         all_of(MOVED, with_header("X-Forwarded-Host", ELSEWHERE)), lenient=True, also=("HT-14",)),
    Case("proof.moved.x-forwarded-host-list", "htu and X-Forwarded-Host of another origin, in a list", HTU, ("forwarded-list-trusted",),
         RELAY, all_of(MOVED, with_header("X-Forwarded-Host", f", {ELSEWHERE}")), lenient=True, also=("HT-14",)),
    Case("proof.moved.forwarded", "htu and Forwarded of another origin", HTU, ("forwarded-field-trusted",), RELAY,
         all_of(MOVED, with_header("Forwarded", f"host={ELSEWHERE};proto=https")), lenient=True, also=("HT-14",)),
    Case("proof.moved.x-forwarded-proto", "htu of plain HTTP, X-Forwarded-Proto http", HTU, ("forwarded-proto-trusted",),
         "a proof sent over plain HTTP is used over TLS", all_of(htu(scheme="http"), with_header("X-Forwarded-Proto", "http")),
         lenient=True, also=("HT-14",)),
    Case("proof.moved.x-forwarded-prefix", "htu with a path prefix, and X-Forwarded-Prefix", HTU, ("forwarded-prefix-trusted",),
         RELAY, all_of(htu(path="/prefix{}".format), with_header("X-Forwarded-Prefix", "/prefix")), lenient=True),
    Case("proof.moved.x-original-url", "htu of another path, and X-Original-URL", HTU, ("original-url-trusted",), RELAY,
         all_of(htu(path="/elsewhere"), with_header("X-Original-URL", "/elsewhere")), lenient=True),
    Case("proof.moved.method-override", "htm of another method, and a method override", HTM, ("method-override-trusted",),
         "a captured proof is used for another method",
         all_of(claim("htm", lambda _: "PATCH"), with_header("X-HTTP-Method-Override", "PATCH"))),
)


@cases(*spread(FIELDS, [replace(at, requirements=()) for at in (TOKEN, API)]))
def test_proof_for_elsewhere_is_refused(case, target):
    target.refuses(case)
