"""A bound token sent in another place than the header is bound all the same (RFC 8705 section 3)."""

from keybound.cases import Case, cases
from keybound.craft.deltas_mtls import in_form, in_query
from keybound.judge.answer import Outcome

HEADER_ONLY = "the check hangs on the header"
ELSEWHERE = (
    Case("rs.mtls.stolen.in-form", "a bound token in a form, without a certificate", ("RFC8705-3-no-cert",),
         ("rs-form-token-unbound",), HEADER_ONLY, in_form, "mtls.api.post", mechanism="mtls", also=("RS-22",)),
    Case("rs.mtls.stolen.in-query", "a bound token in the query, without a certificate", ("RFC8705-3-no-cert",),
         ("rs-query-token-unbound",), HEADER_ONLY, in_query, "mtls.api", mechanism="mtls", also=("RS-23",)),
)


@cases(*ELSEWHERE)
def test_token_elsewhere_opens_nothing(case, target):
    place = target.place(case.place)
    target.bench.require(place)
    answer = place.attempt(case.delta, "hostile")
    target.expect(answer.outcome is not Outcome.EFFECT, "no access", answer.seen)
    target.expect(answer.outcome is not Outcome.CRASHED, "an answer below 500", answer.seen, "KEYBOUND-robustness")
