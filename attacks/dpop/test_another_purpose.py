"""What was made for another purpose: a proof of another request, a token of another scope (RFC 9449 section 7, RFC 6750)."""

from keybound.cases.declare import API, USERINFO, At, Case, cases, spread
from keybound.check.issuing import token_without_user
from keybound.craft.changes.proof import for_another_request, with_bound_token
from keybound.errors import NotApplicable
from keybound.judge.rules import Exact
from keybound.places.place import BAD_PROOF_RS

RESOURCES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))


ELSEWHERE = Case("proof.for-another-request", "a good proof for this token, made for another request", requirements=("RFC9449-7-ath-not-enough",),
                 faults=("ath-is-enough",), threat="whoever reads one proof on the way uses its token everywhere", change=for_another_request,
                 names_the_reason=BAD_PROOF_RS, known_as=("RS-10",))


@cases(*spread([ELSEWHERE], RESOURCES))
def test_right_hash_is_not_enough(case, target):
    target.refuses(case)


MACHINE = "a token of a client alone, whose scope has no openid, with a proof of its key"
SCOPE = Case("rs.userinfo.scope", "a good token that was not made for userinfo", requirements=("FAPI2SP-5.3.4-sufficient-scope",),
             faults=("rs-scope-ignored",), threat="a token for one purpose opens the others", place="userinfo", says=MACHINE, names_the_reason=Exact((401, 403), ()),
             lenient=True)
FORBIDDEN = Case("rs.userinfo.scope.status", "insufficient_scope comes with 403", requirements=("RFC6750-3.1-error-status",),
                 faults=("rs-scope-wrong-status",), threat="clients ask for the same token again and again", place="userinfo", says=MACHINE, lenient=True)


@cases(SCOPE)
def test_scope_is_checked(case, target):
    token = token_without_user(target)
    target.refuses(case, with_bound_token(token.value, token.key))


@cases(FORBIDDEN)
def test_missing_scope_has_its_status(case, target):
    token = token_without_user(target)
    answer = target.refusal(case, with_bound_token(token.value, token.key))
    if "insufficient_scope" not in answer.codes:
        raise NotApplicable(f"there is no insufficient_scope here: {answer.seen}")
    target.expect(answer.status == 403, "403 insufficient_scope", answer.seen)
