"""A bound token sent in another place than the header is bound all the same (RFC 8705 section 3)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import in_form, in_query
from keybound.judge.answer import Outcome

HEADER_ONLY = "the check hangs on the header"
ELSEWHERE = (
    Case("rs.mtls.stolen.in-form", "a bound token in a form, without a certificate", requirements=("RFC8705-3-no-cert",),
         faults=("rs-form-token-unbound",), threat=HEADER_ONLY, change=in_form, place="mtls.api.post", mechanism="mtls", known_as=("RS-22",)),
    Case("rs.mtls.stolen.in-query", "a bound token in the query, without a certificate", requirements=("RFC8705-3-no-cert",),
         faults=("rs-query-token-unbound",), threat=HEADER_ONLY, change=in_query, place="mtls.api", mechanism="mtls", known_as=("RS-23",)),
)


@cases(*ELSEWHERE)
def test_token_elsewhere_opens_nothing(case, target):
    place = target.place(case.place)
    target.controls.require(place)
    answer = place.attempt(case.change, "hostile")
    target.expect_no_effect(answer, "no access")
    target.expect(answer.outcome is not Outcome.CRASHED, "an answer below 500", answer.seen, "KEYBOUND-robustness")
