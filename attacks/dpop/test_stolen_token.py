"""A thief has a DPoP-bound access token, but not the key it is bound to (RFC 9449 sections 4.3, 7.1 and 7.2)."""

from keybound.cases import API, USERINFO, WRITE, At, Case, cases, spread
from keybound.craft.deltas import (
    as_bearer,
    as_proxy_authorization,
    by_attacker,
    by_attacker_with_victims_kid,
    dpop_in_lower_case,
    no_proof,
    no_token,
    stolen_as_bearer,
    token_in_cookie,
    token_in_form,
    token_in_query,
)
from keybound.craft.proof import ath
from keybound.errors import NotApplicable
from keybound.flows.places import BAD_TOKEN
from keybound.judge.rules import Exact

THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", ("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         ("bound-token-as-bearer",), "the binding is ignored under the other scheme", stolen_as_bearer, exact=BAD_TOKEN,
         also=("BD-01", "RS-03")),
    Case("stolen.as-bearer-with-proof", "a bound token as Bearer, with a good proof", ("RFC9449-7.2-bearer-downgrade",),
         ("bearer-with-proof-ok",), "a server that reads the proof under Bearer may not miss it there either", as_bearer,
         exact=BAD_TOKEN, lenient=True, also=("RS-04",)),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", ("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         ("proof-optional",),
         "the token alone opens the resource", no_proof, exact=BAD_TOKEN, also=("RS-02",)),
    Case("stolen.without-proof-lower-case", "a bound token as dpop, in lower case, no proof", ("RFC9449-7.1-proof-present",),
         ("lower-case-scheme-unchecked",), "the check hangs on the spelling of the scheme", dpop_in_lower_case, exact=BAD_TOKEN,
         also=("RS-16",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key",
         ("RFC9449-4.3-key-match", "RFC9449-6-binding-known"), ("any-key",),
         "any key will do, so the token is a bearer token", by_attacker, exact=BAD_TOKEN, also=("RS-11",)),
)
OPAQUE = At("api.opaque", "rs.opaque", ("RFC9449-6.2-introspecting-rs-checks",))
NO_CODE = Exact((400, 401), ())
ELSEWHERE = (
    Case("stolen.in-query", "a bound token in the query, no proof",
         ("RFC9449-7.2-bearer-body-query", "OAUTH21-5.1-token-in-query", "FAPI2SP-5.3.4-token-in-query"), ("query-token-ok",),
         "the binding is ignored where the token travels in another way", token_in_query, exact=NO_CODE, also=("RS-23",)),
    Case("stolen.in-form", "a bound token in a form, no proof", ("RFC9449-7.2-bearer-body-query",), ("form-token-ok",),
         "the binding is ignored where the token travels in another way", token_in_form, exact=NO_CODE, also=("RS-22",)),
    Case("stolen.in-cookie", "a bound token in a cookie, no proof", ("RFC9449-6-binding-known",), ("cookie-token-ok",),
         "the binding is ignored where the token travels in another way", token_in_cookie, exact=NO_CODE),
    Case("stolen.proxy-authorization", "a bound token with its proof in Proxy-Authorization", ("RFC9449-7.1-no-proxy-auth",),
         ("proxy-authorization-ok",), "a field that proxies read and log is taken for Authorization", as_proxy_authorization,
         exact=NO_CODE),
    Case("proof-alone", "a good proof without a token", ("RFC9449-4-proof-alone",), ("proof-alone-ok",),
         "whoever has any key is let in", no_token, exact=NO_CODE, also=("RS-24",)),
    Case("stolen.attacker-key-victims-kid", "a proof by the attacker's key that names the victim's thumbprint as kid",
         ("RFC9449-4.3-key-match",), ("kid-as-thumbprint", "any-key"), "the thief says whose key it is", by_attacker_with_victims_kid,
         exact=BAD_TOKEN),
)
RESOURCES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))

WITH_EFFECT = tuple(
    Case(row.id, f"{row.title}, to write", row.requirements, ("executes-before-verifying", row.faults[0]), row.threat,
         row.delta, exact=row.exact, also=row.also)
    for row in THEFTS if row.id in {"stolen.as-bearer", "stolen.without-proof", "stolen.attacker-key"}
)
OPAQUE_THEFT = Case("stolen.attacker-key", "an opaque bound token with a proof by the attacker's key",
                    ("RFC9449-4.3-key-match",), ("opaque-cnf-ignored",), "the binding is checked in JWTs only",
                    by_attacker, exact=BAD_TOKEN, also=("RS-11", "RS-36"))


@cases(*spread(THEFTS + ELSEWHERE, RESOURCES), *spread(WITH_EFFECT, [WRITE]), *spread([OPAQUE_THEFT], [OPAQUE]))
def test_stolen_token_is_useless(case, target):
    target.refuses(case)


UNBOUND = Case("unbound-token", "an unbound token under the DPoP scheme, with a good proof", ("RFC9449-7.1-unbound-token",),
               ("unbound-token-ok",), "a stolen bearer token is dressed up as a bound one", exact=BAD_TOKEN, lenient=True,
               also=("RS-05",))
READERS = (At("api", "rs", ()), At("api.post", "rs.post", ()), At("api.other", "rs.other", ()), At("userinfo", "rs.userinfo", ()))


@cases(*spread([UNBOUND], READERS))
def test_unbound_token_is_not_bound_by_a_proof(case, target):
    lane = target.place(case.place).material().lane
    if lane.client.dpop_bound:
        raise NotApplicable("the client whose tokens work at the resource gets bound tokens only")
    target.refuses(case, use_token(target.unbound_token(lane)))


EARLIER = Case("rs.proof.ath.earlier-token", "ath of another good token of the same client", ("RFC9449-4.3-ath",),
               ("rs-ath-of-any-token",), "a proof made for one token serves with another", place="api", also=("RS-08",))


@cases(EARLIER)
def test_hash_of_an_earlier_token_is_refused(case, target):
    place, lane = target.place("api"), target.api_lane()
    target.session.forget(lane)
    earlier = target.session.token(lane)
    place.control("the earlier token's own use")
    target.session.forget(lane)
    target.refuses(case, lambda draft: draft.proof.claims.update(ath=ath(earlier.value)))


def use_token(token):
    def delta(draft):
        draft.token = token.value
        draft.proof.claims["ath"] = ath(token.value)

    return delta


EMPTY = Case("rs.refusal.without-content", "a refusal carries nothing of the resource", ("RFC9449-7.1-no-access",),
             ("rs-body-in-refusal",), "the status says no, the body says it all", no_proof, "api", BAD_TOKEN)


@cases(EMPTY)
def test_refusal_is_empty(case, target):
    resource = target.session.profile.resource
    if resource is None or resource.canary is None:
        raise NotApplicable("the profile does not say what only the protected body holds (resource.canary)")
    target.refuses(case)
