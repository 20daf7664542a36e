"""What was pushed is what counts, for the client that pushed it, once (RFC 9126 sections 2.2, 3 and 4)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.proof import by_attacker
from keybound.craft.jose import Key, jwt
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.client_auth import for_audience
from keybound.flows.lanes import Code

OVERRIDE = "the attacker adds a dpop_jkt of its own to the victim's link"


def redeemed_by_attacker(target, place, code):
    """Judge the redemption of `code` with the attacker's key."""
    form = target.session.code_form(place.lane, code)

    def change(draft):
        by_attacker(draft)
        draft.form |= form

    target.refuses(target.case, change, place)


BESIDE = Case("as.code.par-dpop-jkt.query-beside", "another dpop_jkt in the URL, beside a request_uri", requirements=("RFC9449-10.1-par-dpop-jkt",),
              faults=("as-query-beside-request-uri", "as-ignores-dpop-jkt-in-par"), threat=OVERRIDE, place="code.par-dpop_jkt", known_as=("AC-12",))


@cases(BESIDE)
def test_query_beside_request_uri_has_no_effect(case, target):
    session, place = target.session, target.place(case.place)
    pushed, beside = {"dpop_jkt": session.key().thumbprint}, {"dpop_jkt": session.attacker.key.thumbprint}
    try:
        code = session.code(place.lane, pushed, beside=beside)
    except Inconclusive as error:
        target.controls.require(place)
        target.expect(True, "the value in the URL has no effect", f"refused: {error}")
        return
    redeemed_by_attacker(target, place, code)


OBJECT = Case("as.code.request-object.dpop-jkt-beside", "another dpop_jkt beside a request object", requirements=("RFC9126-3-request-object",),
              faults=("as-request-object-mixed",), threat=OVERRIDE, place="code.signed", known_as=("AC-12",))


def request_object(session, client, form):
    """Return the parameters of a pushed request whose contents are signed (RFC 9101 section 4)."""
    key = Key.from_pem(client.key.get_secret_value(), client.key_alg)
    header = {"alg": key.alg, "typ": "oauth-authz-req+jwt"} | ({"kid": client.key_id} if client.key_id else {})
    now = int(session.now())
    claims = {"iss": client.id, "aud": session.profile.issuer, "iat": now, "nbf": now, "exp": now + 60} | form
    return {"client_id": client.id, "request": jwt(header, claims, key)}


@cases(OBJECT)
def test_only_the_request_object_counts(case, target):
    session, place = target.session, target.place(case.place)
    client, metadata = place.lane.client, session.metadata
    known = metadata.strings("request_object_signing_alg_values_supported")
    if Key.from_pem(client.key.get_secret_value(), client.key_alg).alg not in known:
        raise NotApplicable("the metadata does not say that request objects of the client's key are read")
    victim, attacker = session.key().thumbprint, session.attacker.key.thumbprint

    def code(beside):
        form, verifier = session.authorization_form(client, {"dpop_jkt": victim})
        uri = session.push(client, request_object(session, client, form) | beside, None)
        answer = session.authorization(client, {"client_id": client.id, "request_uri": uri})
        if "code" not in answer:
            raise Inconclusive(f"no code for a request object: {answer.get('error')}")
        session.secrets(answer["code"], "code")
        return Code(answer["code"], verifier)

    try:
        plain = code({})
        session.issue(place.lane, session.code_form(place.lane, plain), label="control: a request object alone")
    except Inconclusive as error:
        raise NotApplicable(f"a request object is not accepted: {error}") from None
    try:
        mixed = code({"dpop_jkt": attacker})
    except Inconclusive as error:
        target.expect(True, "the value beside has no effect", f"refused: {error}")
        return
    redeemed_by_attacker(target, place, mixed)


LINK = "a link that the attacker made with the victim's request brings the code to the attacker"
FOREIGN = Case("as.par.request-uri.other-client", "a request_uri used by another client", requirements=("RFC9126-2.2-request-uri-client",),
               faults=("as-request-uri-any-client",), threat=LINK, place="par")
REUSED = Case("as.par.request-uri.twice", "a request_uri used again after it gave a code", requirements=("RFC9126-4-request-uri-once",),
              faults=("as-request-uri-reusable",), threat="a link from the history starts the same authorization again", place="par")


def redirect(target, client, sender_id, uri):
    """Return whether the request_uri of `client` gives a code when `sender_id` uses it, and what was seen."""
    try:
        answer = target.session.authorization(client, {"client_id": sender_id, "request_uri": uri})
    except Inconclusive as error:
        return False, f"refused: {error}"
    if "code" in answer:
        target.session.secrets(answer["code"], "code")
    return "code" in answer, "a code" if "code" in answer else f"error {answer.get('error')}"


def pushed(target, client):
    form, _ = target.session.authorization_form(client, {})
    return target.session.push(client, form, target.session.key())


@cases(FOREIGN)
def test_request_uri_belongs_to_its_client(case, target):
    client, session = target.place(case.place).client, target.session
    others = [lane.client for lane in session.lanes("dpop", "authorization_code") if lane.client.id != client.id]
    others.sort(key=lambda other: (not other.par, other.redirect_uri != client.redirect_uri))
    if not others:
        raise NotApplicable("the profile names no second client with the grant authorization_code")
    works, seen = redirect(target, client, client.id, pushed(target, client))
    if not works:
        raise Inconclusive(f"control: the client's own request_uri: {seen}")
    works, seen = redirect(target, client, others[0].id, pushed(target, client))
    target.expect(not works, "no code", seen)


@cases(REUSED)
def test_request_uri_works_once(case, target):
    client = target.place(case.place).client
    uri = pushed(target, client)
    works, seen = redirect(target, client, client.id, uri)
    if not works:
        raise Inconclusive(f"control: the first use: {seen}")
    works, seen = redirect(target, client, client.id, uri)
    target.expect(not works, "no code", seen)


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
