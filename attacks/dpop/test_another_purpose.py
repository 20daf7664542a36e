"""What was made for another purpose: a proof of another request, a token of another scope (RFC 9449 section 7, RFC 6750)."""

from keybound.cases.declare import API, USERINFO, At, Case, cases, spread
from keybound.craft.changes.proof import for_another_request
from keybound.craft.proof import new_proof
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


SCOPE = Case("rs.userinfo.scope", "a good token that was not made for userinfo", requirements=("FAPI2SP-5.3.4-sufficient-scope",),
             faults=("rs-scope-ignored",), threat="a token for one purpose opens the others", place="userinfo", names_the_reason=Exact((401, 403), ()),
             lenient=True)
FORBIDDEN = Case("rs.userinfo.scope.status", "insufficient_scope comes with 403", requirements=("RFC6750-3.1-error-status",),
                 faults=("rs-scope-wrong-status",), threat="clients ask for the same token again and again", place="userinfo", lenient=True)


def of_a_machine(target):
    """Return a change that presents a token without a user, whose scope has no openid (OpenID Connect Core section 5.3)."""
    lane = target.lane("dpop", "client_credentials")
    token = target.session.token(lane)
    if "openid" in str(token.response.object.get("scope", lane.client.scope)).split():
        raise NotApplicable("the only other token covers openid too")

    def change(draft):
        draft.token = token.value
        draft.proof = new_proof(token.key, draft.method, draft.url, draft.proof.claims["iat"], token=token.value,
                                nonce=draft.proof.claims.get("nonce"))

    return change


@cases(SCOPE)
def test_scope_is_checked(case, target):
    target.refuses(case, of_a_machine(target))


@cases(FORBIDDEN)
def test_missing_scope_has_its_status(case, target):
    answer = target.refusal(case, of_a_machine(target))
    if "insufficient_scope" not in answer.codes:
        raise NotApplicable(f"there is no insufficient_scope here: {answer.seen}")
    target.expect(answer.status == 403, "403 insufficient_scope", answer.seen)
