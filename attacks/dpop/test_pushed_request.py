"""What was pushed is what counts, for the client that pushed it, once (RFC 9126 sections 2.2, 3 and 4)."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import code_or_refusal
from keybound.check.pushed_requests import (
    another_client,
    code_for,
    code_of_request_object,
    needs_request_objects,
    pushed,
)
from keybound.craft.changes.proof import by_attacker
from keybound.craft.changes.request import all_of, form_parameters
from keybound.errors import Inconclusive
from keybound.flows.client_auth import for_audience

OVERRIDE = "the attacker adds a dpop_jkt of its own to the victim's link"


BESIDE = Case("as.code.par-dpop-jkt.query-beside", "another dpop_jkt in the URL, beside a request_uri", requirements=("RFC9449-10.1-par-dpop-jkt",),
              faults=("as-query-beside-request-uri", "as-ignores-dpop-jkt-in-par"), threat=OVERRIDE, place="code.par-dpop_jkt", known_as=("AC-12",))


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
              faults=("as-request-object-mixed",), threat=OVERRIDE, place="code.signed", known_as=("AC-12",))


@cases(OBJECT)
def test_only_the_request_object_counts(case, target):
    session, place = target.session, target.place(case.place)
    signed = {"dpop_jkt": session.key().thumbprint}
    needs_request_objects(target, place.lane, signed)
    try:
        code = code_of_request_object(target, place.lane, signed, dpop_jkt=session.attacker.key.thumbprint)
    except Inconclusive as error:
        target.expect(True, "the value beside has no effect", f"refused: {error}")
        return
    target.refuses(case, all_of(by_attacker, form_parameters(session.code_form(place.lane, code))), place)


LINK = "a link that the attacker made with the victim's request brings the code to the attacker"
FOREIGN = Case("as.par.request-uri.other-client", "a request_uri used by another client", requirements=("RFC9126-2.2-request-uri-client",),
               faults=("as-request-uri-any-client",), threat=LINK, place="par")
REUSED = Case("as.par.request-uri.twice", "a request_uri used again after it gave a code", requirements=("RFC9126-4-request-uri-once",),
              faults=("as-request-uri-reusable",), threat="a link from the history starts the same authorization again", place="par")


@cases(FOREIGN)
def test_request_uri_belongs_to_its_client(case, target):
    client = target.place(case.place).client
    other = another_client(target, client)
    code, seen = code_for(target, pushed(target, client), client, client)
    if code is None:
        raise Inconclusive(f"control: the client's own request_uri: {seen}")
    code, seen = code_for(target, pushed(target, client), client, other)
    target.expect(code is None, "no code", seen)


@cases(REUSED)
def test_request_uri_works_once(case, target):
    client = target.place(case.place).client
    uri = pushed(target, client)
    code, seen = code_for(target, uri, client, client)
    if code is None:
        raise Inconclusive(f"control: the first use: {seen}")
    code, seen = code_for(target, uri, client, client)
    target.expect(code is None, "no code", seen)


AUDIENCES = tuple(
    Case(f"as.par.assertion-aud.{name}", f"a client assertion at PAR for the {name} endpoint", requirements=("RFC9126-2-assertion-aud",),
         faults=("as-assertion-aud-issuer-only",), threat="clients that followed RFC 9126 are locked out", place="par.assertion", lenient=True,
         data=endpoint)
    for name, endpoint in (("token", "token"), ("par", "pushed_authorization_request"))
)


@cases(*AUDIENCES)
def test_assertion_audience_is_accepted(case, target):
    client = target.place(case.place).client
    target.accepts(case, for_audience(target.session, client, target.session.endpoint(case.data)))
