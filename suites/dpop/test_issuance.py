"""A valid proof gives a token that is bound to the proof's key, and says so (RFC 9449 sections 5 and 6)."""

from dataclasses import replace

from keybound.cases.declare import Case, cases
from keybound.check.issuing import expect_own_jkt, token_or_refusal
from keybound.craft.changes.jose import described_jwk
from keybound.craft.changes.proof import with_key
from keybound.errors import Inconclusive, NotApplicable

GRANTS = tuple(
    Case(f"as.issue.{grant.replace('_', '-')}", f"{grant} with a proof gives a bound token",
         requirements=("RFC9449-5-every-grant", "RFC9449-5-token-bound"), faults=(f"as-{fault}-unbound",),
         threat="one grant forgets the binding", data=grant, known_as=(label,) if label else ())
    for grant, fault, label in (
        ("client_credentials", "client-credentials", "BI-01"),
        ("authorization_code", "code-grant", "BI-02"),
        ("refresh_token", "refresh-grant", "BI-03"),
        ("device_code", "device-grant", "BI-04"),
        ("ciba", "ciba-grant", "BI-05"),
        ("token_exchange", "exchange-grant", "BI-06"),
        ("jwt_bearer", "jwt-bearer-grant", ""),
    )
)


@cases(*GRANTS)
def test_grant_binds_its_token(case, target):
    token = target.token("dpop", case.data)
    target.expect(token.is_bound_by("dpop"), "token_type DPoP, with cnf.jkt where the token can be read", token.facts)


# A server may know which clients use DPoP, and answer the others as ever (RFC 9449 section 5): a warning.
EVERYBODY = tuple(
    replace(case, id=f"{case.id}.every-client", title=f"{case.title} for each client of the profile", lenient=True,
            threat="one kind of client is forgotten", known_as=())
    for case in GRANTS
)


@cases(*EVERYBODY)
def test_grant_binds_the_tokens_of_every_client(case, target):
    tokens = list(target.tokens("dpop", case.data))
    if len(tokens) < 2:
        raise NotApplicable("only one client of the profile gets its tokens so")
    loose = [f"{token.token.lane}: {token.facts}" for token in tokens if not token.is_bound_by("dpop")]
    target.expect(not loose, "token_type DPoP, with cnf.jkt where the token can be read", "; ".join(loose) or "the same for each")


TYPE = (
    Case("as.token-type", "a bound token has token_type DPoP", requirements=("RFC9449-5-token-type",), faults=("as-says-bearer", "as-says-nothing"),
         threat="clients and gateways take the token for a bearer token", known_as=("TP-01",)),
)


@cases(*TYPE)
def test_token_type_is_dpop(case, target):
    token = target.token("dpop")
    if token.type == "bearer" and token.cnf == {}:
        raise NotApplicable("the AS answers a proof with an unbound Bearer token, as RFC 9449 section 5 lets it")
    target.expect(token.type == "dpop", "token_type DPoP in any case", token.type or "no token_type")


AGREE = Case("as.token-type.agrees", "token_type and cnf say the same", requirements=("RFC9449-5-bearer-option",),
             faults=("as-says-bearer", "as-cnf-missing"), threat="a token is announced as bound and is not, or is and is not announced",
             known_as=("TP-01",))


@cases(AGREE)
def test_token_type_and_cnf_agree(case, target):
    token = target.token("dpop", readable=True)
    target.expect((token.type == "dpop") == ("jkt" in token.cnf), "DPoP with cnf.jkt, or Bearer without", token.facts)


JKT = (
    Case("as.cnf.jkt.present", "a JWT access token carries cnf.jkt",
         requirements=("RFC9449-6.1-cnf-jkt", "RFC9700-2.2.1-sender-constrained", "OAUTH21-1.4.3-sender-constrained"), faults=("as-cnf-missing",),
         threat="resource servers cannot see that the token is bound", known_as=("BI-10",)),
    Case("as.cnf.jkt.value", "cnf.jkt is the thumbprint of the proof's key", requirements=("RFC9449-6.1-jkt-thumbprint",),
         faults=("as-jkt-sha1", "as-jkt-padded"), threat="no resource server can match the key", known_as=("TP-01",)),
)


@cases(JKT[0])
def test_jkt_is_in_the_token(case, target):
    token = target.token("dpop", readable=True, jwt=True)
    target.expect(isinstance(token.cnf.get("jkt"), str), "cnf.jkt", token.facts)


@cases(JKT[1])
def test_jkt_is_the_thumbprint(case, target):
    expect_own_jkt(target, target.token("dpop", readable=True))


WHOLE = Case("as.cnf.jkt.optional-members", "optional members of jwk do not change cnf.jkt", requirements=("RFC9449-6.1-jkt-thumbprint", "RFC7638-3-required-members"),
             faults=("as-jkt-of-whole-jwk",), threat="the binding depends on how the key is written", change=described_jwk, known_as=("KY-06",))


@cases(WHOLE)
def test_jkt_covers_required_members_only(case, target):
    try:
        token = target.token("dpop", readable=True, change=case.change)
    except Inconclusive as error:
        raise NotApplicable(f"optional members of jwk are refused: {error}") from None
    expect_own_jkt(target, token)


NEW_KEY = Case("as.refresh.new-key", "a confidential client's refresh binds to the key of that request",
               requirements=("RFC9449-5-refresh-binds-new-token",), faults=("as-refresh-binds-old-key",),
               threat="the new token is bound to a key that the client has given up", known_as=("RT-01",))


@cases(NEW_KEY)
def test_refresh_binds_to_its_own_key(case, target):
    lane = target.lane("dpop", "refresh_token", confidential=True)
    form, other = {"refresh_token": target.session.refresh_token(lane)}, target.session.key("second")
    token, seen = token_or_refusal(target, lane, form, key=other, change=with_key(other))
    if token is None:
        raise NotApplicable(f"refresh tokens of confidential clients are bound here too: {seen}")
    expect_own_jkt(target, target.read(token))
