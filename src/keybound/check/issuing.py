"""Tokens and codes that a target may refuse, and what those that it gives are bound to."""

from keybound.check.target import Target
from keybound.check.token_facts import TokenFacts
from keybound.craft.certificates import x5t_s256
from keybound.craft.jose import Key
from keybound.craft.request import Change
from keybound.errors import Inconclusive, NotApplicable
from keybound.flows.lanes import Code, Lane, Token
from keybound.profile.clients import Client, Mechanism


def token_or_refusal(
    target: Target,
    lane: Lane,
    form: dict[str, str] | None = None,
    *,
    key: Key | None = None,
    change: Change | None = None,
    label: str = "token",
) -> tuple[Token | None, str]:
    """Ask for a token as `Session.issue` does; return it and "a token", or None and why there is none."""
    try:
        return target.session.issue(lane, form, key=key, change=change, label=label), "a token"
    except Inconclusive as error:
        return None, str(error)


def code_or_refusal(
    target: Target, lane: Lane, extra: dict[str, str], beside: dict[str, str] | None = None
) -> tuple[Code | None, str]:
    """Ask for a code as `Session.code` does; return it and "a code", or None and why there is none."""
    try:
        return target.session.code(lane, extra, beside=beside), "a code"
    except Inconclusive as error:
        return None, str(error)


def authorization_or_refusal(
    target: Target, client: Client, form: dict[str, str]
) -> tuple[dict[str, str], str]:
    """Send the user through an authorization request; return what comes back to the client, and that in a few words.

    Nothing comes back where the target stops the user.
    """
    try:
        answer = target.session.authorization(client, form)
    except Inconclusive as error:
        return {}, f"refused: {error}"
    if "code" not in answer:
        return answer, f"error {answer.get('error')}"
    target.session.secrets(answer["code"], "code")
    return answer, "a code"


def expect_own_jkt(target: Target, token: TokenFacts) -> None:
    """Expect that `cnf.jkt` is the thumbprint of the token's key (RFC 9449 section 6.1); NotApplicable without it."""
    if "jkt" not in token.cnf:
        raise NotApplicable("the token carries no cnf.jkt that can be read: that is for another case")
    right = token.key.thumbprint
    target.expect(token.cnf["jkt"] == right, f"cnf.jkt {right}", token.cnf["jkt"])


def expect_type_as_bound(target: Target, token: Token) -> None:
    """Expect a DPoP token with cnf.jkt, or a Bearer one without; raises NotApplicable when it cannot be read."""
    facts = target.read(token)
    if facts.source is None:
        raise NotApplicable("the token cannot be read")
    bound = "jkt" in facts.cnf
    target.expect((facts.type == "dpop") == bound, "DPoP with cnf.jkt, or Bearer without", facts.facts)


def token_without_user(target: Target) -> Token:
    """Return a token of a client alone, whose scope has no openid (OpenID Connect Core section 5.3); NotApplicable."""
    lane = target.lane("dpop", "client_credentials")
    token = target.session.token(lane)
    if "openid" in str(token.response.object.get("scope", lane.client.scope)).split():
        raise NotApplicable("the only other token covers openid too")
    return token


def expect_certificate_binding(target: Target, token: TokenFacts) -> None:
    """Expect a token bound to its certificate (RFC 8705 section 3.1).

    Raises NotApplicable for one that is not, where the profile does not say that it must be.
    """
    bound = "x5t#S256" in token.cnf
    if not bound and not token.token.lane.client.certificate_bound:
        raise NotApplicable(
            "the token is not bound, and the profile does not say that it must be (certificate_bound)"
        )
    target.expect(bound, "cnf.x5t#S256", token.facts)


def own_x5t(target: Target) -> tuple[str, str]:
    """Return the `x5t#S256` of a new token as it is and as it should be; NotApplicable for a token without it."""
    token = target.token("mtls", readable=True)
    if "x5t#S256" not in token.cnf:
        raise NotApplicable("the token carries no cnf.x5t#S256: that is for another case")
    return str(token.cnf["x5t#S256"]), x5t_s256(token.certificate)


def introspected_cnf(target: Target, mechanism: Mechanism, member: str) -> tuple[TokenFacts, object]:
    """Return a new token and the member of `cnf` that introspection shows of it, or else what is there for `cnf`."""
    token = target.token(mechanism, introspectable=True)
    cnf = target.session.introspect(token.token).get("cnf")
    return token, cnf.get(member) if isinstance(cnf, dict) else cnf
