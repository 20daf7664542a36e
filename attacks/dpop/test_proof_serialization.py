"""A proof that is no compact JWS of JSON objects, or not one bare token68 (RFC 9449 sections 4.1 and 4.3 item 2)."""

import json

from keybound.cases import PROOF_READERS, Case, cases, spread
from keybound.craft.deltas import comma_joined, finish, header_value, member, raw_claims, raw_header
from keybound.craft.request import Draft

JWT = ("RFC9449-4.3-well-formed-jwt",)
CRIT = ("RFC7515-4.1.11-crit",)
PARSERS = "two layers read two different proofs"
UNREAD = "what the sender calls critical is not understood, and nobody says so"
UNREADABLE = ("unreadable-proof-ignored",)
NO_PROOF = "a proof that cannot be read counts as none, or ends in a crash"


def flattened(compact: str) -> str:
    header, claims, signature = compact.split(".")
    return json.dumps({"protected": header, "payload": claims, "signature": signature})


def padded(compact: str) -> str:
    return ".".join(part + "=" * (-len(part) % 4) for part in compact.split("."))


def not_base64url(compact: str) -> str:
    header, claims, signature = compact.split(".")
    return f"{header}.!{claims}.{signature}"


def critical(draft: Draft) -> None:
    draft.proof.header |= {"crit": ["keybound"], "keybound": True}


def unencoded(draft: Draft) -> None:
    draft.proof.header |= {"crit": ["b64"], "b64": False}


SERIALIZATION = (
    Case("proof.jws.two-segments", "two segments, no signature", JWT, ("missing-signature-ok",), "a proof without a signature",
         finish(lambda compact: compact.rpartition(".")[0])),
    Case("proof.jws.four-segments", "a fourth segment", JWT, ("extra-segments-ok",), PARSERS, finish("{}.e30".format)),
    Case("proof.jws.trailing-dot", "a dot at the end", JWT, ("extra-segments-ok",), PARSERS, finish("{}.".format), also=("TP-37",)),
    Case("proof.jws.flattened", "flattened JSON serialization", JWT, ("json-jws-ok",), PARSERS, finish(flattened), also=("TP-37",)),
    Case("proof.jws.padded", "base64 with padding", JWT, ("padding-ok",), "one proof in two spellings", finish(padded),
         lenient=True, also=("TP-37",)),
    Case("proof.jws.claims-in-list", "claims in a list", JWT, ("claims-list-ok",), "loose parsing takes a list for its item",
         raw_claims(lambda text: b"[" + text + b"]")),
    Case("proof.jws.crit-unknown", "a critical header member that nobody knows", JWT + CRIT, ("crit-ignored",),
         "what the sender calls critical is ignored (RFC 7515 section 4.1.11)", critical, also=("TP-36",)),
    Case("proof.jws.crit-empty", "crit is an empty list", CRIT, ("crit-odd-ok",), UNREAD, member("crit", lambda _: []),
         lenient=True, also=("TP-36",)),
    Case("proof.jws.crit-string", "crit is a string", CRIT, ("crit-odd-ok",), UNREAD, member("crit", lambda _: "keybound"),
         lenient=True, also=("TP-36",)),
    Case("proof.jws.crit-absent", "crit names a member that is not there", CRIT, ("crit-odd-ok",), UNREAD,
         member("crit", lambda _: ["keybound"]), lenient=True, also=("TP-36",)),
    Case("proof.jws.five-segments", "five segments, as an encrypted JWT has", JWT, ("extra-segments-ok",), PARSERS,
         finish("{}.e30.e30".format)),
    Case("proof.jws.not-base64url", "claims that are not base64url", JWT, UNREADABLE, NO_PROOF, finish(not_base64url), also=("TP-02",)),
    Case("proof.jws.header-not-json", "a header that is not JSON", JWT, UNREADABLE, NO_PROOF, raw_header(lambda text: text[:-1]),
         also=("TP-02",)),
    Case("proof.jws.claims-not-json", "claims that are not JSON", JWT, UNREADABLE, NO_PROOF, raw_claims(lambda text: text[:-1]),
         also=("TP-02",)),
    Case("proof.jws.claims-string", "claims that are a JSON string", JWT, UNREADABLE, NO_PROOF, raw_claims(lambda _: b'"claims"')),
    Case("proof.jws.claims-not-utf8", "claims that are not UTF-8", JWT, UNREADABLE, NO_PROOF,
         raw_claims(lambda text: text[:-1] + b',"x":"\xff"}'), lenient=True),
    Case("proof.jws.crit-b64", "an unencoded payload is announced", JWT + CRIT, ("crit-ignored",),
         "two layers sign two different texts (RFC 7797)", unencoded, also=("TP-36",)),
)

ONE_TOKEN68 = (
    Case("proof.twice.comma-joined", "two proofs in one header, joined by a comma", ("RFC9449-4.3-one-header",),
         ("first-dpop-header", "last-dpop-header"), PARSERS, comma_joined, also=("TP-28",)),
    Case("proof.twice.comma-then-junk", "the proof, a comma, and junk", ("RFC9449-4.3-one-header",), ("first-dpop-header",),
         PARSERS, header_value("{}, junk".format), also=("TP-28",)),
    Case("proof.twice.junk-then-comma", "junk, a comma, and the proof", ("RFC9449-4.3-one-header",), ("last-dpop-header",),
         PARSERS, header_value("junk, {}".format), also=("TP-28",)),
    Case("proof.header.trailing-comma", "a comma behind the proof", ("RFC9449-4.1-token68",), ("first-dpop-header",), PARSERS,
         header_value("{},".format), lenient=True),
    Case("proof.header.quoted", "the proof in quotes", ("RFC9449-4.1-token68",), ("lax-header-value",), PARSERS,
         header_value('"{}"'.format)),
    Case("proof.header.scheme", "the word DPoP before the proof", ("RFC9449-4.1-token68",), ("lax-header-value",), PARSERS,
         header_value("DPoP {}".format)),
    Case("proof.header.parameter", "a parameter behind the proof", ("RFC9449-4.1-token68",), ("lax-header-value",), PARSERS,
         header_value("{};a=b".format)),
)


@cases(*spread(SERIALIZATION + ONE_TOKEN68, PROOF_READERS))
def test_only_one_bare_compact_jws_is_taken(case, target):
    target.refuses(case)
