"""What any OAuth server answers at its token endpoint, bound tokens or not (RFC 6749 sections 3.1, 5.1 and 5.2)."""

from keybound.cases.declare import PAR, TOKEN, Case, cases
from keybound.check.issuing import code_or_refusal
from keybound.craft.changes.request import form_parameters, wrong_basic_secret
from keybound.errors import NotApplicable
from keybound.places.place import grant

TYPE = Case("as.token-response.type", "a token response names the type of its token", requirements=("RFC6749-5.1-token-type",),
            faults=("as-says-nothing",), threat="clients guess how to use the token", known_as=("TP-01",))
STORE = Case("as.token-response.no-store", "a token response is not to be stored", requirements=("RFC6749-5.1-no-store",),
             faults=("as-token-cacheable",), threat="tokens stay in caches on the way", lenient=True)


@cases(TYPE)
def test_token_response_has_a_type(case, target):
    token = target.token("dpop")
    target.expect(bool(token.type), "token_type", token.facts)


@cases(STORE)
def test_token_response_is_not_stored(case, target):
    response = target.token("dpop").token.response
    seen = ", ".join(response.all("Cache-Control"))
    target.expect("no-store" in seen.lower(), "Cache-Control: no-store", seen or "no Cache-Control")
    if "no-cache" not in ", ".join(response.all("Pragma")).lower():
        target.note("there is no Pragma: no-cache, which only caches of HTTP/1.0 read")


FORMAT = Case("as.error.format", "a refused token request gets 400 and a JSON error", requirements=("RFC6749-5.2-error-format",),
              faults=("as-errors-are-pages",), threat="clients cannot tell what went wrong", change=form_parameters({"grant_type": "urn:example:keybound"}), place="token", lenient=True)


@cases(FORMAT)
def test_error_is_json(case, target):
    answer = target.refusal(case)
    target.expect(answer.status == 400 and bool(answer.codes), "400 and a JSON object with error", answer.seen)


BASIC = Case("as.error.invalid-client", "a client that fails to authenticate by HTTP Basic gets 401 and a challenge",
             requirements=("RFC6749-5.2-invalid-client-401", "RFC9110-15.5.2-challenge"), faults=("as-invalid-client-without-challenge",),
             threat="clients cannot tell a wrong secret from a bad request", change=wrong_basic_secret, place="token", lenient=True)


@cases(BASIC)
def test_failed_basic_authentication_is_challenged(case, target):
    lane = target.lane("dpop", auth="client_secret_basic")
    response = target.response_to(grant(target.session, lane), case.change)
    if response.object.get("access_token"):
        raise NotApplicable("the request was not refused, which is for another case to say")
    challenges = ", ".join(response.all("WWW-Authenticate"))
    seen = f"{response.status}, {challenges or 'no challenge'}"
    target.expect(response.status == 401, "401 with WWW-Authenticate: Basic", seen, "RFC6749-5.2-invalid-client-401")
    if response.status == 401:
        target.expect("basic" in challenges.lower(), "401 with WWW-Authenticate: Basic", seen)


IGNORED = tuple(
    Case(f"{at.prefix}.request.unknown-parameter", "a request parameter nobody knows", requirements=("RFC6749-3.1-unknown-parameters",),
         faults=("as-refuses-unknown-parameters",), threat="clients with a newer feature are locked out", change=form_parameters({"keybound_unknown": "anything"}), place=at.place)
    for at in (TOKEN, PAR)
)
AUTHORIZE = Case("as.authorize.unknown-parameter", "an authorization request parameter nobody knows",
                 requirements=("RFC6749-3.1-unknown-parameters",), faults=("as-refuses-unknown-parameters",),
                 threat="clients with a newer feature are locked out")


@cases(*IGNORED)
def test_unknown_parameter_changes_nothing(case, target):
    target.accepts(case)


@cases(AUTHORIZE)
def test_unknown_authorization_parameter_changes_nothing(case, target):
    lane = target.lane("dpop", "authorization_code")
    target.session.code(lane)
    code, seen = code_or_refusal(target, lane, {"keybound_unknown": "anything"})
    target.expect(bool(code), "a code", seen)
