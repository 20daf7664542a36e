"""A proof that is no compact JWS of JSON objects, or not one bare token68 (RFC 9449 sections 4.1 and 4.3 item 2)."""

from keybound.cases.declare import PROOF_READERS, Case, cases, spread
from keybound.craft.changes.proof import comma_joined, finish, member, proof_lines, raw_claims, raw_header
from keybound.craft.changes.request import all_of
from keybound.craft.changes.values import (
    flattened,
    not_base64url,
    not_utf8,
    padded,
    without_last_character,
    without_last_segment,
    written,
)

JWT = ("RFC9449-4.3-well-formed-jwt",)
CRIT = ("RFC7515-4.1.11-crit",)
PARSERS = "two layers read two different proofs"
UNREAD = "what the sender calls critical is not understood, and nobody says so"
UNREADABLE = ("unreadable-proof-ignored",)
NO_PROOF = "a proof that cannot be read counts as none, or ends in a crash"


SERIALIZATION = (
    Case("proof.jws.two-segments", "two segments, no signature", requirements=JWT, faults=("missing-signature-ok",), threat="a proof without a signature",
         change=finish(without_last_segment)),
    Case("proof.jws.four-segments", "a fourth segment", requirements=JWT, faults=("extra-segments-ok",), threat=PARSERS, change=finish(written("{}.e30"))),
    Case("proof.jws.trailing-dot", "a dot at the end", requirements=JWT, faults=("extra-segments-ok",), threat=PARSERS, change=finish(written("{}.")), known_as=("TP-37",)),
    Case("proof.jws.flattened", "flattened JSON serialization", requirements=JWT, faults=("json-jws-ok",), threat=PARSERS, change=finish(flattened), known_as=("TP-37",)),
    Case("proof.jws.padded", "base64 with padding", requirements=JWT, faults=("padding-ok",), threat="one proof in two spellings", change=finish(padded),
         lenient=True, known_as=("TP-37",)),
    Case("proof.jws.claims-in-list", "claims in a list", requirements=JWT, faults=("claims-list-ok",), threat="loose parsing takes a list for its item",
         change=raw_claims(written("[{}]"))),
    Case("proof.jws.crit-unknown", "a critical header member that nobody knows", requirements=JWT + CRIT, faults=("crit-ignored",),
         threat="what the sender calls critical is ignored (RFC 7515 section 4.1.11)", change=all_of(member("crit", ["keybound"]), member("keybound", True)), known_as=("TP-36",)),
    Case("proof.jws.crit-empty", "crit is an empty list", requirements=CRIT, faults=("crit-odd-ok",), threat=UNREAD, change=member("crit", []),
         lenient=True, known_as=("TP-36",)),
    Case("proof.jws.crit-string", "crit is a string", requirements=CRIT, faults=("crit-odd-ok",), threat=UNREAD, change=member("crit", "keybound"),
         lenient=True, known_as=("TP-36",)),
    Case("proof.jws.crit-absent", "crit names a member that is not there", requirements=CRIT, faults=("crit-odd-ok",), threat=UNREAD,
         change=member("crit", ["keybound"]), lenient=True, known_as=("TP-36",)),
    Case("proof.jws.five-segments", "five segments, as an encrypted JWT has", requirements=JWT, faults=("extra-segments-ok",), threat=PARSERS,
         change=finish(written("{}.e30.e30"))),
    Case("proof.jws.not-base64url", "claims that are not base64url", requirements=JWT, faults=UNREADABLE, threat=NO_PROOF, change=finish(not_base64url), known_as=("TP-02",)),
    Case("proof.jws.header-not-json", "a header that is not JSON", requirements=JWT, faults=UNREADABLE, threat=NO_PROOF, change=raw_header(without_last_character),
         known_as=("TP-02",)),
    Case("proof.jws.claims-not-json", "claims that are not JSON", requirements=JWT, faults=UNREADABLE, threat=NO_PROOF, change=raw_claims(without_last_character),
         known_as=("TP-02",)),
    Case("proof.jws.claims-string", "claims that are a JSON string", requirements=JWT, faults=UNREADABLE, threat=NO_PROOF, change=raw_claims('"claims"')),
    Case("proof.jws.claims-not-utf8", "claims that are not UTF-8", requirements=JWT, faults=UNREADABLE, threat=NO_PROOF,
         change=raw_claims(not_utf8), lenient=True),
    Case("proof.jws.crit-b64", "an unencoded payload is announced", requirements=JWT + CRIT, faults=("crit-ignored",),
         threat="two layers sign two different texts (RFC 7797)", change=all_of(member("crit", ["b64"]), member("b64", False)), known_as=("TP-36",)),
)

ONE_TOKEN68 = (
    Case("proof.twice.comma-joined", "two proofs in one header, joined by a comma", requirements=("RFC9449-4.3-one-header",),
         faults=("first-dpop-header", "last-dpop-header"), threat=PARSERS, change=comma_joined, known_as=("TP-28",)),
    Case("proof.twice.comma-then-junk", "the proof, a comma, and junk", requirements=("RFC9449-4.3-one-header",), faults=("first-dpop-header",),
         threat=PARSERS, change=proof_lines("{}, junk"), known_as=("TP-28",)),
    Case("proof.twice.junk-then-comma", "junk, a comma, and the proof", requirements=("RFC9449-4.3-one-header",), faults=("last-dpop-header",),
         threat=PARSERS, change=proof_lines("junk, {}"), known_as=("TP-28",)),
    Case("proof.header.trailing-comma", "a comma behind the proof", requirements=("RFC9449-4.1-token68",), faults=("first-dpop-header",), threat=PARSERS,
         change=proof_lines("{},"), lenient=True),
    Case("proof.header.quoted", "the proof in quotes", requirements=("RFC9449-4.1-token68",), faults=("lax-header-value",), threat=PARSERS,
         change=proof_lines('"{}"')),
    Case("proof.header.scheme", "the word DPoP before the proof", requirements=("RFC9449-4.1-token68",), faults=("lax-header-value",), threat=PARSERS,
         change=proof_lines("DPoP {}")),
    Case("proof.header.parameter", "a parameter behind the proof", requirements=("RFC9449-4.1-token68",), faults=("lax-header-value",), threat=PARSERS,
         change=proof_lines("{};a=b")),
)


@cases(*spread(SERIALIZATION + ONE_TOKEN68, PROOF_READERS))
def test_only_one_bare_compact_jws_is_taken(case, target):
    target.refuses(case)
