"""Somebody quotes the victim's certificate, which is no secret, in a header of proxies (RFC 9440, RFC 9700 section 4.13)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import attackers_certificate, no_certificate
from keybound.craft.changes.forwarded_header import HEADERS, beside, spoofs, trailer_spoofs
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

PRESENCES = (
    ("no-certificate", "on a connection without certificate", no_certificate, "RFC9440-2.4-strip"),
    ("attacker-certificate", "on a connection with the attacker's certificate", attackers_certificate, "RFC9440-2.4-overwrite"),
)
SIDES = (
    ("rs", "mtls.api", "RFC8705-3-cert-from-tls", "a bound token"),
    ("as", "mtls.token.dn", "RFC8705-2-handshake", "the client's id"),
)
COMMON = ("escaped", "base64")
SANITIZED = "RFC9700-4.13-sanitized-headers"
THREAT = "whoever knows the certificate is its holder: a TLS terminator lets the header through, or nothing ends TLS here"


def row(side, place, requirement, what, name, title, presence, changes, *more):
    return Case(f"{side}.mtls.header.{name}", f"{what}, {title}", requirements=(requirement, SANITIZED, *more),
                faults=(f"{side}-trusts-certificate-header",), threat=THREAT, place=place, mechanism="mtls", change=presence, data=changes,
                known_as=("PX-01", "PX-04") if presence is no_certificate else ("PX-01", "PX-03", "PX-04"))


QUOTED = tuple(
    each
    for side, place, requirement, what in SIDES
    for presence, how, change, standard in PRESENCES
    for each in (
        *(
            row(side, place, requirement, what, f"{header.lower().replace('_', '-')}.{presence}", f"{header} {how}",
                change, spoofs([header], change), *([standard] if header.startswith("Client-Cert") else []))
            for header in HEADERS
        ),
        row(side, place, requirement, what, f"underscores.{presence}", f"every name in capitals with underscores {how}",
            change, spoofs([name.upper().replace("-", "_") for name in HEADERS], change, encodings=COMMON)),
        row(side, place, requirement, what, f"twice.{presence}", f"every name twice {how}",
            change, spoofs(HEADERS, change, times=2, encodings=COMMON), "RFC9440-2.2-once"),
    )
)


TRAILERS = tuple(
    Case(f"rs.mtls.header.trailers.{presence}", f"a bound token, every name as a trailer field {how}",
         requirements=("RFC8705-3-cert-from-tls", SANITIZED), faults=("rs-trailers-merged",), threat=THREAT, place="mtls.api", mechanism="mtls", change=change,
         data=trailer_spoofs(HEADERS, change))
    for presence, how, change, _ in PRESENCES
)


BESIDE = tuple(
    Case(f"{side}.mtls.header.beside", f"{what} with the right certificate, and another one in a header", requirements=(SANITIZED,),
         faults=(f"{side}-trusts-certificate-header",), says="each header and encoding, with the attacker's certificate", threat="what is sent from outside reaches the server, if only to confuse it",
         place=place, mechanism="mtls", data=[beside(name, encoding) for name in HEADERS for encoding in COMMON],
         known_as=("PX-03",))
    for side, place, _, what in SIDES
)


@cases(*BESIDE)
def test_header_from_outside_changes_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    answers = (place.attempt(change, "hostile") for change in case.data)
    # RFC 9440 section 2.4 lets a proxy refuse the request as a bad one instead of removing the header
    changed = next((answer for answer in answers if answer.outcome is not Outcome.EFFECT and answer.status != 400), None)
    if changed is not None:
        target.controls.require(place)
    target.expect(changed is None, "the answer to the request without the header, or 400", changed.seen if changed else "the same")


@cases(*TRAILERS)
def test_trailer_field_counts_for_nothing(case, target):
    """Only what takes effect counts: few expect trailers in a request, and how a proxy stumbles over them is its affair."""
    place = target.place(case.place)
    target.controls.require(place)
    if place.attempt(case.change, "without the trailers").outcome is Outcome.EFFECT:
        raise NotApplicable("the request works without trailers as well: that is for another case to say")
    answers = (place.attempt(change, "hostile") for change in case.data)
    taken = next((answer for answer in answers if answer.outcome is Outcome.EFFECT), None)
    target.expect(taken is None, "no access", taken.seen if taken else "refused")


@cases(*QUOTED)
def test_quoted_certificate_counts_for_nothing(case, target):
    target.refuses_each(case, case.data, unless=case.change)
