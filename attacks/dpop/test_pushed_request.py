"""What was pushed is what counts, for the client that pushed it, once (RFC 9126 sections 2.2, 3 and 4)."""

from keybound.cases.declare import Case, cases
from keybound.check.codes import code_of_request_object, gives_code, needs_request_objects, pushed
from keybound.check.issuing import code_or_refusal
from keybound.check.other_clients import other_pushing_client
from keybound.craft.changes.proof import by_attacker
from keybound.craft.changes.request import all_of, form_parameters
from keybound.errors import Inconclusive
from keybound.flows.client_auth import for_audience

OVERRIDE = "the attacker adds a dpop_jkt of its own to the victim's link"


BESIDE = Case("as.code.par-dpop-jkt.query-beside", "another dpop_jkt in the URL, beside a request_uri", requirements=("RFC9449-10.1-par-dpop-jkt",),
              faults=("as-query-beside-request-uri", "as-ignores-dpop-jkt-in-par"), threat=OVERRIDE, place="code.par-dpop_jkt", says="the attacker's dpop_jkt beside the request_uri; the code redeemed with his key", known_as=("AC-12",))


@cases(BESIDE)
def test_query_beside_request_uri_has_no_effect(case, target):
    session, place = target.session, target.place(case.place)
    pushed_jkt, beside = {"dpop_jkt": session.key().thumbprint}, {"dpop_jkt": session.attacker.key.thumbprint}
    code, seen = code_or_refusal(target, place.lane, pushed_jkt, beside=beside)
    if code is None:
        target.controls.require(place)
        target.expect(True, "the value in the URL has no effect", f"refused: {seen}")
        return
    target.refuses(case, all_of(by_attacker, form_parameters(session.code_form(place.lane, code))), place)


OBJECT = Case("as.code.request-object.dpop-jkt-beside", "another dpop_jkt beside a request object", requirements=("RFC9126-3-request-object",),
              faults=("as-request-object-mixed",), threat=OVERRIDE, place="code.signed", says="the attacker's dpop_jkt beside the request object; the code redeemed with his key", known_as=("AC-12",))


@cases(OBJECT)
def test_only_the_request_object_counts(case, target):
    place = target.place(case.place)
    needs_request_objects(target, place.lane)
    try:
        code = code_of_request_object(target, place.lane, dpop_jkt=target.session.attacker.key.thumbprint)
    except Inconclusive as error:
        target.expect(True, "the value beside has no effect", f"refused: {error}")
        return
    target.refuses(case, all_of(by_attacker, form_parameters(target.session.code_form(place.lane, code))), place)


LINK = "a link that the attacker made with the victim's request brings the code to the attacker"
FOREIGN = Case("as.par.request-uri.other-client", "a request_uri used by another client", requirements=("RFC9126-2.2-request-uri-client",),
               faults=("as-request-uri-any-client",), threat=LINK, place="par", says="the request_uri with the client_id of another client")
REUSED = Case("as.par.request-uri.twice", "a request_uri used again after it gave a code", requirements=("RFC9126-4-request-uri-once",),
              faults=("as-request-uri-reusable",), threat="a link from the history starts the same authorization again", place="par", says="a request_uri that gave a code before")


@cases(FOREIGN)
def test_request_uri_belongs_to_its_client(case, target):
    client = target.place(case.place).client
    other = other_pushing_client(target, client)
    works, seen = gives_code(target, client, client.id, pushed(target, client))
    if not works:
        raise Inconclusive(f"control: the client's own request_uri: {seen}")
    works, seen = gives_code(target, client, other.id, pushed(target, client))
    target.expect(not works, "no code", seen)


@cases(REUSED)
def test_request_uri_works_once(case, target):
    client = target.place(case.place).client
    uri = pushed(target, client)
    works, seen = gives_code(target, client, client.id, uri)
    if not works:
        raise Inconclusive(f"control: the first use: {seen}")
    works, seen = gives_code(target, client, client.id, uri)
    target.expect(not works, "no code", seen)


AUDIENCES = tuple(
    Case(f"as.par.assertion-aud.{name}", f"a client assertion at PAR for the {name} endpoint", requirements=("RFC9126-2-assertion-aud",),
         faults=("as-assertion-aud-issuer-only",), threat="clients that followed RFC 9126 are locked out", place="par.assertion", says=f"the assertion names the {name} endpoint", lenient=True,
         data=endpoint)
    for name, endpoint in (("token", "token"), ("par", "pushed_authorization_request"))
)


@cases(*AUDIENCES)
def test_assertion_audience_is_accepted(case, target):
    client = target.place(case.place).client
    target.accepts(case, for_audience(target.session, client, target.session.endpoint(case.data)))
