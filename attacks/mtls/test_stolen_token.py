"""A thief has a certificate-bound access token, but not the private key of the certificate (RFC 8705 section 3)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import attackers_certificate, no_certificate

FAPI = ("FAPI2SP-5.3.4-constraint-checked",)
NONE, OTHER = ("RFC8705-3-no-cert",), ("RFC8705-3-cert-match",)
BEARER = "the binding is not looked at, so the token is a bearer token"
ANY = "any certificate will do, so the token is a bearer token"
PLACES = ("mtls.api", "rs.mtls"), ("mtls.api.self-signed", "rs.mtls.self-signed"), ("mtls.userinfo", "rs.mtls.userinfo")

THEFTS = tuple(
    case
    for place, prefix in PLACES
    for case in (
        Case(f"{prefix}.stolen.no-certificate", "a bound token without a certificate", requirements=(*NONE, *FAPI),
             faults=("rs-mtls-certificate-optional",), threat=BEARER, change=no_certificate, place=place, mechanism="mtls", known_as=("BD-05", "CB-08")),
        Case(f"{prefix}.stolen.attacker-certificate", "a bound token with the attacker's certificate", requirements=(*OTHER, *FAPI),
             faults=("rs-mtls-any-certificate",), threat=ANY, change=attackers_certificate, place=place, mechanism="mtls", known_as=("CB-08",)),
    )
)


@cases(*THEFTS)
def test_stolen_token_is_useless(case, target):
    target.refuses(case)


MISMATCH = Case("rs.mtls.error.mismatch", "a certificate mismatch is answered 401 invalid_token", requirements=("RFC8705-3-mismatch-error",),
                faults=("rs-mtls-wrong-error",), threat="clients cannot tell a wrong certificate from a missing permission",
                change=attackers_certificate, place="mtls.api", lenient=True, mechanism="mtls")


@cases(MISMATCH)
def test_mismatch_has_the_right_error(case, target):
    answer = target.refusal(case)
    if answer.by_tls:
        target.expect(True, "401 invalid_token, or a refusal by TLS", answer.seen)
    else:
        target.expect(answer.status == 401 and "invalid_token" in answer.codes, "401 invalid_token", answer.seen)
