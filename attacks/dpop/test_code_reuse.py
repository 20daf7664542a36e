"""A code is redeemed once, by who asked for it, as it was asked for (RFC 6749 section 4.1.2, RFC 7636, RFC 9449 section 10)."""

from dataclasses import replace

from keybound.cases.declare import Case, cases
from keybound.check.codes import used_code
from keybound.craft.changes.proof import by_attacker
from keybound.craft.changes.request import all_of, form_parameter, form_parameters, unchanged
from keybound.craft.changes.values import beginning, other_case, written
from keybound.errors import Inconclusive, NotApplicable
from keybound.judge.answer import Outcome
from keybound.judge.rules import Exact
from keybound.places.place import userinfo

AGAIN = "a code that was read on the way, from a log or a history, is as good as a new one"
ONCE = ("RFC6749-4.1.2-code-once", "FAPI2SP-5.3.2.2-code-once")

USED = "the form of a code that was redeemed before"
TWICE = (
    Case("as.code.twice", "a code redeemed a second time", requirements=ONCE, faults=("as-code-reusable",), threat=AGAIN, place="code", says=USED),
    Case("as.code.twice.attacker-key", "a code redeemed a second time with another key", requirements=ONCE, faults=("as-code-reusable",), threat=AGAIN,
         place="code", change=by_attacker, says=USED),
)


@cases(*TWICE)
def test_code_works_once(case, target):
    lane = target.place(case.place).lane
    _, form = used_code(target, lane)
    target.refuses(case, all_of(form_parameters(form), case.change or unchanged))


AT_ONCE = Case("as.code.parallel", "one code in six requests at once, each with a proof of its own", requirements=ONCE[:1], faults=("as-code-used-late",),
               says="one code in several requests at the same moment", threat="two requests at the same moment both find the code unused", place="code", lenient=True)
COUNT, ROUNDS = 6, 2


@cases(AT_ONCE)
def test_one_of_many_redemptions_at_once_succeeds(case, target):
    place, succeeded = target.place(case.place), 0
    target.controls.require(place)
    for _ in range(ROUNDS):
        form = place.material()
        answers = target.session.burst([place.build(form) for _ in range(COUNT)], "hostile: at once", place.effect)
        place.renew()
        succeeded = max(succeeded, sum(answer.outcome is Outcome.EFFECT for answer in answers))
    if succeeded == 0:
        raise NotApplicable("no request of several at once succeeds here")
    target.expect(succeeded == 1, "one of them succeeds at most", f"{succeeded} of {COUNT} succeeded")


REVOKES = Case("as.code.reuse-revokes", "the second use of a code ends the tokens of the first", requirements=("RFC6749-4.1.2-code-reuse-revokes",),
               faults=("as-code-reuse-forgiven", "as-code-reusable"), says="a code redeemed again, then the token that it gave first", threat="the thief was first, and keeps what the code gave", place="code.user")


@cases(REVOKES)
def test_code_reuse_ends_its_tokens(case, target):
    lane = target.place(case.place).lane
    token, form = used_code(target, lane)
    # the AS itself answers at userinfo, so that no token is beyond its reach
    place = userinfo(target.session, lane).with_material(token)
    if place.attempt(None, "the token before").outcome is not Outcome.EFFECT:
        raise Inconclusive("the token of the first use does not work at userinfo")
    again = target.place("code").attempt(form_parameters(form), "the code's second use")
    answer = place.attempt(None, "the token afterwards")
    target.expect(answer.outcome is not Outcome.EFFECT, "the token is refused from then on",
                  f"second use of the code: {again.seen}; its token afterwards: {answer.seen}")


VERIFIER = Case("as.code.wrong-verifier", "a code redeemed with another code_verifier", requirements=("FAPI2SP-5.3.2.2-pkce-s256",),
                faults=("as-code-verifier-ignored",), threat="whoever reads the code can redeem it", change=form_parameter("code_verifier", "x" * 64),
                place="code", names_the_reason=Exact((400,), ("invalid_grant", "invalid_request")))


@cases(VERIFIER)
def test_wrong_verifier_is_refused(case, target):
    if "S256" not in target.session.metadata.strings("code_challenge_methods_supported"):
        raise NotApplicable("the metadata does not say that the server knows PKCE with S256")
    target.refuses(case)


ODD = "a dpop_jkt that is the thumbprint of no key ties the code to no key"
MALFORMED = (
    Case("as.code.dpop-jkt.truncated", "dpop_jkt that is the beginning of a thumbprint", requirements=("RFC9449-10-code-key-mismatch",),
         faults=("as-dpop-jkt-prefix-compared",), threat=ODD, place="code", says="dpop_jkt of the authorization request: beginning(10)", data=beginning(10), known_as=("AC-04",)),
    Case("as.code.dpop-jkt.too-long", "dpop_jkt that is a thumbprint and more", requirements=("RFC9449-10-code-key-mismatch",),
         faults=("as-dpop-jkt-prefix-compared",), threat=ODD, place="code", says="dpop_jkt of the authorization request: written('{}A')", data=written("{}A"), known_as=("AC-04",)),
    Case("as.code.dpop-jkt.other-case", "dpop_jkt with its letters in the other case", requirements=("RFC9449-10-code-key-mismatch",),
         faults=("as-dpop-jkt-case-ignored",), threat=ODD, place="code", says="dpop_jkt of the authorization request: other_case", data=other_case, lenient=True),
)


@cases(*MALFORMED)
def test_malformed_jkt_fits_no_key(case, target):
    session, lane = target.session, target.place(case.place).lane
    # without PAR an AS need not know dpop_jkt at all
    optional = session.metadata.endpoint("pushed_authorization_request") is None
    try:
        code = session.code(lane, {"dpop_jkt": case.data(session.key().thumbprint)})
    except Inconclusive as error:
        target.controls.require(target.place(case.place))
        target.expect(True, "no code, or one that no key redeems", f"refused: {error}")
        return
    form = session.code_form(lane, code)
    target.refuses(replace(case, lenient=case.lenient or optional), form_parameters(form))


IMPLICIT = Case("as.bound-client.implicit", "response_type token for a bound client", requirements=("RFC9449-5.2-bound-client",),
                faults=("as-implicit-ok",), threat="the authorization endpoint hands out a token that no key holds", place="code.bound-client",
                lenient=True, known_as=("BI-14",), says="response_type=token in an authorization request")


@cases(IMPLICIT)
def test_no_token_without_a_proof_from_the_authorization_endpoint(case, target):
    session, lane = target.session, target.place(case.place).lane
    target.controls.require(target.place(case.place))
    form, _ = session.authorization_form(lane.client, {"response_type": "token"})
    try:
        if lane.client.par:
            form = {"client_id": lane.client.id, "request_uri": session.push(lane.client, form, None)}
        answer = session.authorization(lane.client, form)
    except Inconclusive as error:
        target.expect(True, "refused, or no token in the answer", f"refused: {error}")
        return
    target.expect("access_token" not in answer, "no token in the answer", f"an answer with {', '.join(sorted(answer))}")
