"""How a target says what was wrong: error codes at the AS, challenges at the RS (RFC 9449 sections 5 and 7.1)."""

from keybound.cases.declare import Case, cases
from keybound.check.challenges import refused_with_401, refused_with_challenge
from keybound.check.metadata import are_asymmetric_algs
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.request import all_of, no_credentials, with_header, with_token
from keybound.errors import NotApplicable

KNOWN = {"invalid_dpop_proof", "invalid_request", "invalid_grant", "use_dpop_nonce"}

CODE = Case("as.error.invalid-proof", "a bad proof is answered with a JSON error of OAuth", requirements=("RFC9449-5-error-code",),
            faults=("as-proof-error-code", "as-proof-error-not-json"), threat="clients cannot tell a bad proof from a broken server",
            change=flipped_signature, place="token", known_as=("TP-15",))


@cases(CODE)
def test_bad_proof_has_the_right_error(case, target):
    answer = target.refusal(case)
    target.expect(bool(answer.codes & KNOWN), "400 invalid_dpop_proof", answer.seen)
    if "invalid_dpop_proof" not in answer.codes or answer.status != 400:
        target.note(f"a bad proof is answered {answer.seen}; the text says 400 invalid_dpop_proof")


BARE = (
    Case("rs.challenge.present", "a request without credentials gets a challenge", requirements=("RFC9449-7.1-challenge",),
         faults=("rs-no-challenge",), threat="clients cannot learn that DPoP is wanted", change=no_credentials, place="api", known_as=("RS-26",)),
    Case("rs.challenge.no-error", "a challenge without credentials carries no error", requirements=("RFC9449-7.2-challenge-no-error", "RFC6750-3.1-no-error"),
         faults=("rs-error-without-credentials",), threat="a server tells more than was asked", change=no_credentials, place="api", known_as=("RS-26",)),
)


@cases(BARE[0])
def test_challenge_is_there(case, target):
    answer = refused_with_401(target, case)
    target.expect("dpop" in answer.schemes, "401 with WWW-Authenticate: DPoP", answer.seen)


@cases(BARE[1])
def test_challenge_without_credentials_has_no_error(case, target):
    answer = refused_with_challenge(target, case)
    errors = [value for challenge in answer.challenges if (value := challenge.get("error"))]
    target.expect(not errors, "no error attribute", " ".join(errors) or answer.seen)


FAILED = (
    Case("rs.challenge.error", "a failed proof is named in the challenge", requirements=("RFC9449-7.1-challenge-error",),
         faults=("rs-challenge-without-error",), threat="clients cannot tell what went wrong", change=flipped_signature, place="api", known_as=("RS-27",)),
    Case("rs.challenge.algs", "the challenge names proof algorithms", requirements=("RFC9449-7.1-challenge-algs",),
         faults=("rs-challenge-without-algs",), threat="clients must guess the algorithm", change=flipped_signature, place="api", known_as=("RS-27", "MD-05")),
    Case("rs.challenge.algs-asymmetric", "the challenge names asymmetric algorithms only", requirements=("RFC9449-4.3-alg-asymmetric",),
         faults=("rs-challenge-lists-none",), threat="clients are led to an algorithm that proves nothing", change=flipped_signature, place="api",
         known_as=("RS-27",)),
)


@cases(FAILED[0])
def test_challenge_names_the_error(case, target):
    answer = refused_with_challenge(target, case, "dpop")
    target.expect(bool(answer.parameter("dpop", "error")), "an error attribute in the DPoP challenge", answer.seen)


@cases(FAILED[1])
def test_challenge_names_algorithms(case, target):
    named = refused_with_challenge(target, case, "dpop").parameter("dpop", "algs")
    target.expect(bool(named), 'algs="ES256 ..."', named or "no algs")


@cases(FAILED[2])
def test_challenge_names_asymmetric_algorithms(case, target):
    named = refused_with_401(target, case).parameter("dpop", "algs")
    if not named:
        raise NotApplicable("the challenge names no algorithms: that is for another case")
    target.expect(are_asymmetric_algs(named.split()), "neither none nor HS*", named)


TRIED = Case("rs.challenge.attempted-scheme", "the error stands in the challenge of the scheme that was tried",
             requirements=("RFC9449-7.2-challenge-attempted-scheme",), faults=("rs-error-in-other-challenge",),
             threat="clients look for what went wrong in the wrong place", change=flipped_signature, place="api", lenient=True, known_as=("RS-27",))


@cases(TRIED)
def test_error_is_in_the_attempted_scheme(case, target):
    answer = refused_with_401(target, case)
    told = [challenge.scheme for challenge in answer.challenges if challenge.get("error")]
    if not told:
        raise NotApplicable("no challenge has an error: that is for another case")
    target.expect("dpop" in told, "the error in the DPoP challenge", f"the error in {', '.join(told)}")


BLAME = Case("rs.challenge.bad-token", "a bad token is not blamed on a good proof", requirements=("RFC9449-7.1-challenge-invalid-proof",),
             faults=("rs-bad-token-blamed-on-proof",), threat="clients renew the proof for ever and never the token", change=with_token("keybound-unknown-token"), place="api",
             lenient=True, known_as=("RS-06",))


@cases(BLAME)
def test_bad_token_is_not_blamed_on_the_proof(case, target):
    answer = target.refusal(case)
    target.expect("invalid_dpop_proof" not in answer.codes, "another error than invalid_dpop_proof", answer.seen)


FROM_A_PAGE = with_header("Origin", "https://app.keybound.example")
CORS = tuple(
    Case(f"{prefix}.cors", "pages of other origins can read the challenge and the nonce", requirements=("RFC9449-7.1-cors-expose",),
         faults=(f"{prefix}-cors-hides-nonce",), threat="clients in browsers never learn of the nonce they need", place=place, lenient=True, change=all_of(FROM_A_PAGE, flipped_signature),
         known_as=("TP-38",))
    for prefix, place in (("as", "token"), ("rs", "api"))
)


@cases(*CORS)
def test_pages_can_read_the_fields(case, target):
    response = target.response_to(target.place(case.place), case.change)
    if not response.first("Access-Control-Allow-Origin"):
        raise NotApplicable("the target lets no pages of other origins in (no Access-Control-Allow-Origin)")
    shown = {name.strip().lower() for name in ",".join(response.all("Access-Control-Expose-Headers")).split(",")}
    wanted = {name for name in ("www-authenticate", "dpop-nonce") if response.first(name)}
    if not wanted:
        raise NotApplicable("the answer has neither WWW-Authenticate nor DPoP-Nonce")
    target.expect(wanted <= shown or "*" in shown, f"Access-Control-Expose-Headers: {', '.join(sorted(wanted))}",
                  ", ".join(sorted(shown)) or "none")

