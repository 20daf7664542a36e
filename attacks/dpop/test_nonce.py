"""A proof whose nonce is missing, made up, or nearly right, at a server that works with nonces (RFC 9449 sections 8, 9, 11.3)."""

import re
from dataclasses import replace

from keybound.cases.declare import API, PAR, TOKEN, USERINFO, At, Case, cases, spread
from keybound.cases.every_place import GRANTS
from keybound.craft.changes.proof import claim, without_claim
from keybound.craft.changes.values import (
    in_list,
    nonce_in_other_case,
    other_last_character,
    without_last_character,
    written,
)
from keybound.errors import NotApplicable
from keybound.judge.rules import Exact

AT_AS, AT_RS = Exact((400,), ("use_dpop_nonce",)), Exact((401,), ("use_dpop_nonce",))
OLD = "proofs made in advance, or long ago, are still good"


NONCES = (
    Case("nonce.missing", "no nonce", requirements=("RFC9449-11.3-nonce-downgrade", "ATPROTO-dpop-nonce-required"), faults=("nonce-optional",),
         threat="an attacker leaves the nonce out, and the server forgets that it wants one", change=without_claim("nonce"), known_as=("NO-01", "NO-02")),
    Case("nonce.random", "a nonce that nobody gave", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD,
         change=claim("nonce", "keybound-made-this-up-0123456789abcdef"), known_as=("NO-04",)),
    Case("nonce.last-character", "the right nonce with its last character changed", requirements=("RFC9449-4.3-nonce",), faults=("nonce-cut",), threat=OLD,
         change=claim("nonce", other_last_character), known_as=("NO-04",)),
    Case("nonce.truncated", "the right nonce without its last character", requirements=("RFC9449-4.3-nonce",), faults=("nonce-prefix-compared",),
         threat="a nonce is compared as far as it goes, and its beginning is known", change=claim("nonce", without_last_character), known_as=("NO-04",)),
    Case("nonce.longer", "the right nonce and one character more", requirements=("RFC9449-4.3-nonce",), faults=("nonce-prefix-compared",), threat=OLD,
         change=claim("nonce", written("{}A")), known_as=("NO-04",)),
    Case("nonce.empty", "an empty nonce", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD, change=claim("nonce", ""), known_as=("NO-13",)),
    Case("nonce.list", "the right nonce in a list", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD, change=claim("nonce", in_list), known_as=("NO-13",)),
    Case("nonce.null", "a nonce that is null", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD, change=claim("nonce", None),
         known_as=("NO-13",)),
    Case("nonce.other-case", "the right nonce with its case changed", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD,
         change=claim("nonce", nonce_in_other_case), lenient=True, known_as=("NO-04",)),
    Case("nonce.number", "a nonce that is a number", requirements=("RFC9449-4.3-nonce",), faults=("nonce-any",), threat=OLD, change=claim("nonce", 12345),
         known_as=("NO-13",)),
)
AS_PLACES = tuple(At(at.place, at.prefix, ()) for at in (TOKEN, PAR))
RS_PLACES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))


def with_mismatch(rows, exact, more=()):
    return tuple(replace(row, names_the_reason=exact, requirements=row.requirements + (more if row.id != "nonce.missing" else ())) for row in rows)


@cases(*spread(with_mismatch(NONCES, AT_AS, ("RFC9449-8-nonce-mismatch",)), AS_PLACES), *spread(with_mismatch(NONCES, AT_RS), RS_PLACES))
def test_wrong_nonce_is_refused(case, target):
    target.refuses(target.about_nonces(case))


MADE_UP = tuple(row for row in NONCES if row.id == "nonce.random")


@cases(*spread(with_mismatch(MADE_UP, AT_AS, ("RFC9449-8-nonce-mismatch",)), tuple(GRANTS)))
def test_every_grant_looks_at_the_nonce(case, target):
    target.refuses(target.about_nonces(case))


FORM = (
    Case("nonce.challenge", "a missing nonce is asked for with use_dpop_nonce and DPoP-Nonce", requirements=("RFC9449-8-nonce-error",),
         faults=("nonce-wrong-status",), threat="clients cannot tell that a nonce is all that is missing", change=without_claim("nonce"), known_as=("NO-01", "NO-02")),
    Case("nonce.challenge-to-wrong", "a wrong nonce is answered with use_dpop_nonce and a new one", requirements=("RFC9449-8-nonce-error",),
         faults=("nonce-withheld",), threat="clients whose nonce has expired are stuck", change=claim("nonce", "keybound-made-this-up-0123456789"),
         known_as=("NO-04", "NO-08")),
    Case("nonce.one-header", "an answer has one DPoP-Nonce at most", requirements=("RFC9449-8-one-nonce-header",), faults=("nonce-twice",),
         threat="clients pick the wrong one of two nonces", change=without_claim("nonce")),
    Case("nonce.syntax", "a nonce holds allowed characters only", requirements=("RFC9449-8.1-nonce-syntax",), faults=("nonce-bad-syntax",),
         threat="clients cannot send the nonce back", change=without_claim("nonce"), known_as=("NO-07",)),
    Case("nonce.uncacheable", "an answer with a nonce is not cacheable", requirements=("RFC9449-8.2-nonce-uncacheable",), faults=("nonce-cacheable",),
         threat="a cache hands out old nonces", change=without_claim("nonce")),
    Case("nonce.unpredictable", "nonces are long and no counters", requirements=("RFC9449-8-nonce-unpredictable",), faults=("nonce-counter",),
         threat="proofs are made in advance for nonces to come", change=without_claim("nonce")),
)
RS_FORM = tuple(
    replace(row, requirements=("RFC9449-9-rs-nonce-challenge",)) if row.id.startswith("nonce.challenge") else row for row in FORM
)
CHECKS = {
    "nonce.one-header": ("one DPoP-Nonce", lambda lines, _: len(lines) <= 1),
    "nonce.syntax": ("%x21 / %x23-5B / %x5D-7E only", lambda lines, _: all(re.fullmatch(r"[!#-\[\]-~]+", line) for line in lines)),
    "nonce.uncacheable": ("Cache-Control: no-store", lambda _, response: "no-store" in (response.first("Cache-Control") or "")),
    "nonce.unpredictable": ("16 characters or more, not only digits",
                            lambda lines, _: all(len(line) >= 16 and not line.isdecimal() for line in lines)),
}


@cases(*spread(FORM, AS_PLACES), *spread(RS_FORM, RS_PLACES))
def test_nonces_are_given_as_they_should(case, target):
    target.about_nonces(case)
    answer = target.refusal(case)
    response = target.controls.exchanges[-1].response
    lines = response.all("DPoP-Nonce")
    if "nonce.challenge" in case.id:
        status = 400 if case.role == "as" else 401
        right = answer.wants_nonce and answer.status == status
        target.expect(right, f"{status} use_dpop_nonce and a DPoP-Nonce", f"{answer.seen}, {len(lines)} DPoP-Nonce")
        return
    if not lines:
        raise NotApplicable("the answer carries no DPoP-Nonce: that is for another case")
    expected, holds = CHECKS[".".join(case.id.split(".")[-2:])]
    target.expect(holds(lines, response), expected, f"{len(lines)} DPoP-Nonce: {', '.join(lines)}")
