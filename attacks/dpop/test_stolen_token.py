"""A thief has a DPoP-bound access token, but not the key it is bound to (RFC 9449 sections 4.3, 7.1 and 7.2)."""

from keybound.cases import API, USERINFO, WRITE, At, Case, cases, spread
from keybound.craft.deltas import as_bearer, by_attacker, no_proof, stolen_as_bearer
from keybound.flows.places import BAD_TOKEN

THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", ("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         ("bound-token-as-bearer",), "the binding is ignored under the other scheme", stolen_as_bearer, exact=BAD_TOKEN,
         also=("BD-01", "RS-03")),
    Case("stolen.as-bearer-with-proof", "a bound token as Bearer, with a good proof", ("RFC9449-7.2-bearer-downgrade",),
         ("bearer-with-proof-ok",), "a server that reads the proof under Bearer may not miss it there either", as_bearer,
         exact=BAD_TOKEN, lenient=True, also=("RS-04",)),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", ("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         ("proof-optional", "body-in-refusal"),
         "the token alone opens the resource", no_proof, exact=BAD_TOKEN, also=("RS-02",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key",
         ("RFC9449-4.3-key-match", "RFC9449-6-binding-known"), ("any-key",),
         "any key will do, so the token is a bearer token", by_attacker, exact=BAD_TOKEN, also=("RS-11",)),
)
OPAQUE = At("api.opaque", "rs.opaque", ("RFC9449-6.2-introspecting-rs-checks",))
RESOURCES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))

WITH_EFFECT = tuple(
    Case(row.id, f"{row.title}, to write", row.requirements, ("executes-before-verifying", row.faults[0]), row.threat,
         row.delta, exact=row.exact, also=row.also)
    for row in THEFTS if row.id in {"stolen.as-bearer", "stolen.without-proof", "stolen.attacker-key"}
)
OPAQUE_THEFT = Case("stolen.attacker-key", "an opaque bound token with a proof by the attacker's key",
                    ("RFC9449-4.3-key-match",), ("opaque-cnf-ignored",), "the binding is checked in JWTs only",
                    by_attacker, exact=BAD_TOKEN, also=("RS-11", "RS-36"))


@cases(*spread(THEFTS, RESOURCES), *spread(WITH_EFFECT, [WRITE]), *spread([OPAQUE_THEFT], [OPAQUE]))
def test_stolen_token_is_useless(case, target):
    target.refuses(case)
