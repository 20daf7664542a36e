"""A bound token sent twice, elsewhere, or in credentials that do not read as they should (RFC 6750 sections 2 and 3.1).

HTTP servers join, drop or refuse a second Authorization field before the application sees it, and a resource server may
not look for tokens where it takes none, so most breaches are warnings.
"""

from urllib.parse import urlencode

from keybound.cases import API, USERINFO, At, Case, cases, spread
from keybound.craft.deltas import all_of, no_proof
from keybound.errors import NotApplicable
from keybound.flows.places import BAD_TOKEN
from keybound.judge.rules import Exact

RESOURCES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))
AMBIGUOUS = ("RFC6750-3.1-one-transport", "RFC9449-7.2-challenge-ambiguous")
ONE_WAY, DOWNGRADE = ("RFC6750-3.1-one-transport",), ("RFC9449-7.2-bearer-body-query",)
TWO = "two layers look at two different tokens"
NO_CODE = Exact((400, 401), ())
TWICE = Exact((400, 401), ("invalid_request", "invalid_token"))


def authorization_before(scheme, own="DPoP"):
    """Send a line of Authorization with `scheme` before the request's own, whose scheme is `own`."""

    def delta(draft):
        draft.headers.append(("Authorization", f"{scheme} {draft.token}"))
        draft.scheme = own

    return delta


def and_in_query(draft):
    draft.url += ("&" if "?" in draft.url else "?") + urlencode({"access_token": draft.token})


def and_in_form(draft):
    draft.method = draft.proof.claims["htm"] = "POST"
    draft.form = {"access_token": draft.token}


def no_authorization(draft):
    draft.token = None


def scheme(name):
    return lambda draft: setattr(draft, "scheme", name)


def token(change):
    return lambda draft: setattr(draft, "token", change(draft.token))


ROWS = (
    Case("authorization.twice", "two Authorization fields with the same token", ONE_WAY, ("first-authorization", "last-authorization"),
         TWO, authorization_before("DPoP"), exact=TWICE, lenient=True, also=("RS-18",)),
    Case("authorization.bearer-then-dpop", "the token as Bearer, then as DPoP", AMBIGUOUS, ("last-authorization",), TWO,
         authorization_before("Bearer"), exact=TWICE, lenient=True, also=("RS-19",)),
    Case("authorization.dpop-then-bearer", "the token as DPoP, then as Bearer", AMBIGUOUS, ("first-authorization",), TWO,
         authorization_before("DPoP", "Bearer"), exact=TWICE, lenient=True, also=("RS-19",)),
    Case("token.header-and-query", "the token in Authorization and in the query", ONE_WAY, ("token-elsewhere-ignored",), TWO,
         and_in_query, exact=TWICE, lenient=True, also=("RS-23",)),
    Case("stolen.in-query-with-proof", "a bound token in the query, with a good proof", DOWNGRADE, ("query-token-ok",),
         "the binding is ignored where the token travels in another way", all_of(and_in_query, no_authorization), exact=NO_CODE,
         lenient=True, also=("RS-23",)),
    Case("stolen.in-form-with-proof", "a bound token in a form, with a good proof", DOWNGRADE, ("form-token-ok",),
         "the binding is ignored where the token travels in another way", all_of(and_in_form, no_authorization), exact=NO_CODE,
         lenient=True, also=("RS-22",)),
    Case("stolen.as-bearer-mixed-case", "a bound token as bEaReR, no proof", ("RFC9449-7.2-bearer-downgrade", "RFC9110-11.1-scheme-case"),
         ("bound-token-as-bearer",), "the binding is ignored under another spelling of the scheme", all_of(scheme("bEaReR"), no_proof),
         exact=BAD_TOKEN, also=("RS-17",)),
    Case("scheme.unknown", "a bound token under a scheme that nobody registered", ("RFC9449-7.1-no-access",), ("any-scheme-ok",),
         "whatever comes before the token is ignored", scheme("Keybound"), exact=NO_CODE, lenient=True, also=("RS-25",)),
    Case("token.trailing-junk", "more words behind the token", ("RFC9449-7.1-no-access",), ("credentials-cut",),
         "two layers read two different tokens", token("{} junk".format), exact=BAD_TOKEN, lenient=True, also=("RS-21",)),
    Case("token.illegal-characters", "a token with blanks, quotes and backslashes", ("RFC9449-7.1-no-access",), ("crashes-on-odd-token",),
         "credentials that cannot be parsed end in a crash", token(lambda _: 'm"a l\\f,o=r;m e\xe9d'), exact=BAD_TOKEN, also=("RS-21",)),
)


@cases(*spread(ROWS, RESOURCES))
def test_token_has_one_place_and_one_form(case, target):
    target.refuses(case)


BOTH = Case("rs.token.header-and-form", "the token in Authorization and in a form", ONE_WAY, ("rs-token-elsewhere-ignored",), TWO,
            and_in_form, "api", exact=TWICE, lenient=True, also=("RS-22",))


@cases(BOTH)
def test_token_in_form_besides_header_is_refused(case, target):
    resource = target.session.profile.resource
    if resource is None or "POST" not in resource.methods:
        raise NotApplicable("the profile does not say that POST works at the resource (resource.methods)")
    target.refuses(case)
