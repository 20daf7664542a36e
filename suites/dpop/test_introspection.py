"""Introspection tells the resource server what the token is bound to (RFC 9449 section 6.2)."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import introspected_cnf
from keybound.craft.changes.certificate import with_proof
from keybound.errors import Inconclusive

JKT = Case("as.introspection.jkt", "introspection returns cnf.jkt", requirements=("RFC9449-6.2-introspection-jkt",),
           faults=("as-introspection-without-cnf",), threat="a resource server that introspects takes the token for a bearer token", known_as=("IN-01",))
TYPE = Case("as.introspection.token-type", "introspection says token_type DPoP, if any", requirements=("RFC9449-6.2-introspection-token-type",),
            faults=("as-introspection-says-bearer",), threat="a resource server that introspects takes the token for a bearer token", known_as=("IN-01",))
NO_PROOF = Case("as.introspection.without-proof", "introspection needs no proof", requirements=("RFC9449-6.2-introspection-no-proof",),
                faults=("as-introspection-wants-proof",), threat="resource servers cannot introspect, for they do not hold the key")


@cases(JKT)
def test_introspection_returns_the_binding(case, target):
    token, seen = introspected_cnf(target, "dpop", "jkt")
    target.expect(seen == token.key.thumbprint, f"cnf.jkt {token.key.thumbprint}", seen or "no cnf.jkt")


@cases(TYPE)
def test_introspection_names_the_type(case, target):
    token = target.token("dpop", introspectable=True)
    seen = target.session.introspect(token.token).get("token_type", "DPoP")
    target.expect(str(seen).lower() == "dpop", "token_type DPoP, or none", seen)


@cases(NO_PROOF)
def test_introspection_needs_no_proof(case, target):
    token, session = target.token("dpop", introspectable=True), target.session
    try:
        active = session.introspect(token.token).get("active")
    except Inconclusive as error:
        # does it work with one? if not, this too is inconclusive
        session.introspect(token.token, with_proof(session.attacker.key, session.now()))
        target.expect(False, "an answer", str(error))
    else:
        target.expect(active is True, "active: true", f"active: {active}")
