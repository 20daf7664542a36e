"""A thief has a DPoP-bound access token, but not the key it is bound to (RFC 9449 sections 4.3, 7.1 and 7.2)."""

from keybound.cases.declare import API, USERINFO, WRITE, At, Case, cases, spread, without_requirements
from keybound.craft.changes.proof import by_attacker, by_attacker_with_victims_kid, claim, no_proof
from keybound.craft.changes.request import (
    as_bearer,
    as_proxy_authorization,
    dpop_in_lower_case,
    no_token,
    stolen_as_bearer,
    token_in_cookie,
    token_in_form,
    token_in_query,
    with_token,
)
from keybound.craft.proof import ath
from keybound.errors import NotApplicable
from keybound.judge.rules import Exact
from keybound.places.place import BAD_TOKEN

THEFTS = (
    Case("stolen.as-bearer", "a bound token as Bearer, no proof", requirements=("RFC9449-7.2-bearer-downgrade", "RFC9449-6-binding-known"),
         faults=("bound-token-as-bearer",), threat="the binding is ignored under the other scheme", change=stolen_as_bearer, names_the_reason=BAD_TOKEN,
         known_as=("BD-01", "RS-03")),
    Case("stolen.as-bearer-with-proof", "a bound token as Bearer, with a good proof", requirements=("RFC9449-7.2-bearer-downgrade",),
         faults=("bearer-with-proof-ok",), threat="a server that reads the proof under Bearer may not miss it there either", change=as_bearer,
         names_the_reason=BAD_TOKEN, lenient=True, known_as=("RS-04",)),
    Case("stolen.without-proof", "a bound token as DPoP, no proof", requirements=("RFC9449-7.1-proof-present", "RFC9449-7.1-no-access"),
         faults=("proof-optional",),
         threat="the token alone opens the resource", change=no_proof, names_the_reason=BAD_TOKEN, known_as=("RS-02",)),
    Case("stolen.without-proof-lower-case", "a bound token as dpop, in lower case, no proof", requirements=("RFC9449-7.1-proof-present",),
         faults=("lower-case-scheme-unchecked",), threat="the check hangs on the spelling of the scheme", change=dpop_in_lower_case, names_the_reason=BAD_TOKEN,
         known_as=("RS-16",)),
    Case("stolen.attacker-key", "a bound token with a proof by the attacker's key",
         requirements=("RFC9449-4.3-key-match", "RFC9449-6-binding-known"), faults=("any-key",),
         threat="any key will do, so the token is a bearer token", change=by_attacker, names_the_reason=BAD_TOKEN, known_as=("RS-11",)),
)
OPAQUE = At("api.opaque", "rs.opaque", ("RFC9449-6.2-introspecting-rs-checks",))
NO_CODE = Exact((400, 401), ())
ELSEWHERE = (
    Case("stolen.in-query", "a bound token in the query, no proof",
         requirements=("RFC9449-7.2-bearer-body-query", "OAUTH21-5.1-token-in-query", "FAPI2SP-5.3.4-token-in-query"), faults=("query-token-ok",),
         threat="the binding is ignored where the token travels in another way", change=token_in_query, names_the_reason=NO_CODE, known_as=("RS-23",)),
    Case("stolen.in-form", "a bound token in a form, no proof", requirements=("RFC9449-7.2-bearer-body-query",), faults=("form-token-ok",),
         threat="the binding is ignored where the token travels in another way", change=token_in_form, names_the_reason=NO_CODE, known_as=("RS-22",)),
    Case("stolen.in-cookie", "a bound token in a cookie, no proof", requirements=("RFC9449-6-binding-known",), faults=("cookie-token-ok",),
         threat="the binding is ignored where the token travels in another way", change=token_in_cookie, names_the_reason=NO_CODE),
    Case("stolen.proxy-authorization", "a bound token with its proof in Proxy-Authorization", requirements=("RFC9449-7.1-no-proxy-auth",),
         faults=("proxy-authorization-ok",), threat="a field that proxies read and log is taken for Authorization", change=as_proxy_authorization,
         names_the_reason=NO_CODE),
    Case("proof-alone", "a good proof without a token", requirements=("RFC9449-4-proof-alone",), faults=("proof-alone-ok",),
         threat="whoever has any key is let in", change=no_token, names_the_reason=NO_CODE, known_as=("RS-24",)),
    Case("stolen.attacker-key-victims-kid", "a proof by the attacker's key that names the victim's thumbprint as kid",
         requirements=("RFC9449-4.3-key-match",), faults=("kid-as-thumbprint", "any-key"), threat="the thief says whose key it is", change=by_attacker_with_victims_kid,
         names_the_reason=BAD_TOKEN),
)
RESOURCES = without_requirements(API, USERINFO)

WITH_EFFECT = tuple(
    Case(row.id, f"{row.title}, to write", requirements=row.requirements, faults=("executes-before-verifying", row.faults[0]), threat=row.threat,
         change=row.change, names_the_reason=row.names_the_reason, known_as=row.known_as)
    for row in THEFTS if row.id in {"stolen.as-bearer", "stolen.without-proof", "stolen.attacker-key"}
)
OPAQUE_THEFT = Case("stolen.attacker-key", "an opaque bound token with a proof by the attacker's key",
                    requirements=("RFC9449-4.3-key-match",), faults=("opaque-cnf-ignored",), threat="the binding is checked in JWTs only",
                    change=by_attacker, names_the_reason=BAD_TOKEN, known_as=("RS-11", "RS-36"))


@cases(*spread(THEFTS + ELSEWHERE, RESOURCES), *spread(WITH_EFFECT, [WRITE]), *spread([OPAQUE_THEFT], [OPAQUE]))
def test_stolen_token_is_useless(case, target):
    target.refuses(case)


UNBOUND = Case("unbound-token", "an unbound token under the DPoP scheme, with a good proof", requirements=("RFC9449-7.1-unbound-token",),
               faults=("unbound-token-ok",), says="a token that was got without a proof, with a proof that hashes it", threat="a stolen bearer token is dressed up as a bound one", names_the_reason=BAD_TOKEN, lenient=True,
               known_as=("RS-05",))
READERS = (At("api", "rs", ()), At("api.post", "rs.post", ()), At("api.other", "rs.other", ()), At("userinfo", "rs.userinfo", ()))


@cases(*spread([UNBOUND], READERS))
def test_unbound_token_is_not_bound_by_a_proof(case, target):
    lane = target.place(case.place).material().lane
    if lane.client.dpop_bound:
        raise NotApplicable("the client whose tokens work at the resource gets bound tokens only")
    target.refuses(case, with_token(target.unbound_token(lane).value))


EARLIER = Case("rs.proof.ath.earlier-token", "ath of another good token of the same client", requirements=("RFC9449-4.3-ath",),
               faults=("rs-ath-of-any-token",), says="ath: the hash of the token before this one", threat="a proof made for one token serves with another", place="api", known_as=("RS-08",))


@cases(EARLIER)
def test_hash_of_an_earlier_token_is_refused(case, target):
    place, lane = target.place("api"), target.api_lane()
    target.session.forget(lane)
    earlier = target.session.token(lane)
    place.control("the earlier token's own use")
    target.session.forget(lane)
    target.refuses(case, claim("ath", ath(earlier.value)))


EMPTY = Case("rs.refusal.without-content", "a refusal carries nothing of the resource", requirements=("RFC9449-7.1-no-access",),
             faults=("rs-body-in-refusal",), threat="the status says no, the body says it all", change=no_proof, place="api", names_the_reason=BAD_TOKEN)


@cases(EMPTY)
def test_refusal_is_empty(case, target):
    resource = target.session.profile.resource
    if resource is None or resource.canary is None:
        raise NotApplicable("the profile does not say what only the protected body holds (resource.canary)")
    target.refuses(case)
