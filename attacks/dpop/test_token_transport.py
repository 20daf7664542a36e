"""A bound token sent twice, elsewhere, or in credentials that do not read as they should (RFC 6750 sections 2 and 3.1).

HTTP servers join, drop or refuse a second Authorization field before the application sees it, and a resource server may
not look for tokens where it takes none, so most breaches are warnings.
"""

from keybound.cases.declare import API, USERINFO, At, Case, cases, spread
from keybound.craft.changes.proof import no_proof
from keybound.craft.changes.request import (
    all_of,
    also_in_form,
    also_in_query,
    authorization_before,
    no_token,
    scheme,
    token_value,
)
from keybound.craft.changes.values import written
from keybound.errors import NotApplicable
from keybound.judge.rules import Exact
from keybound.places.place import BAD_TOKEN

RESOURCES = tuple(At(at.place, at.prefix, ()) for at in (API, USERINFO))
AMBIGUOUS = ("RFC6750-3.1-one-transport", "RFC9449-7.2-challenge-ambiguous")
ONE_WAY, DOWNGRADE = ("RFC6750-3.1-one-transport",), ("RFC9449-7.2-bearer-body-query",)
TWO = "two layers look at two different tokens"
NO_CODE = Exact((400, 401), ())
TWICE = Exact((400, 401), ("invalid_request", "invalid_token"))


ROWS = (
    Case("authorization.twice", "two Authorization fields with the same token", requirements=ONE_WAY, faults=("first-authorization", "last-authorization"),
         threat=TWO, change=authorization_before("DPoP"), names_the_reason=TWICE, lenient=True, known_as=("RS-18",)),
    Case("authorization.bearer-then-dpop", "the token as Bearer, then as DPoP", requirements=AMBIGUOUS, faults=("last-authorization",), threat=TWO,
         change=authorization_before("Bearer"), names_the_reason=TWICE, lenient=True, known_as=("RS-19",)),
    Case("authorization.dpop-then-bearer", "the token as DPoP, then as Bearer", requirements=AMBIGUOUS, faults=("first-authorization",), threat=TWO,
         change=authorization_before("DPoP", "Bearer"), names_the_reason=TWICE, lenient=True, known_as=("RS-19",)),
    Case("token.header-and-query", "the token in Authorization and in the query", requirements=ONE_WAY, faults=("token-elsewhere-ignored",), threat=TWO,
         change=also_in_query, names_the_reason=TWICE, lenient=True, known_as=("RS-23",)),
    Case("stolen.in-query-with-proof", "a bound token in the query, with a good proof", requirements=DOWNGRADE, faults=("query-token-ok",),
         threat="the binding is ignored where the token travels in another way", change=all_of(also_in_query, no_token), names_the_reason=NO_CODE,
         lenient=True, known_as=("RS-23",)),
    Case("stolen.in-form-with-proof", "a bound token in a form, with a good proof", requirements=DOWNGRADE, faults=("form-token-ok",),
         threat="the binding is ignored where the token travels in another way", change=all_of(also_in_form, no_token), names_the_reason=NO_CODE,
         lenient=True, known_as=("RS-22",)),
    Case("stolen.as-bearer-mixed-case", "a bound token as bEaReR, no proof", requirements=("RFC9449-7.2-bearer-downgrade", "RFC9110-11.1-scheme-case"),
         faults=("bound-token-as-bearer",), threat="the binding is ignored under another spelling of the scheme", change=all_of(scheme("bEaReR"), no_proof),
         names_the_reason=BAD_TOKEN, known_as=("RS-17",)),
    Case("scheme.unknown", "a bound token under a scheme that nobody registered", requirements=("RFC9449-7.1-no-access",), faults=("any-scheme-ok",),
         threat="whatever comes before the token is ignored", change=scheme("Keybound"), names_the_reason=NO_CODE, lenient=True, known_as=("RS-25",)),
    Case("token.trailing-junk", "more words behind the token", requirements=("RFC9449-7.1-no-access",), faults=("credentials-cut",),
         threat="two layers read two different tokens", change=token_value(written("{} junk")), names_the_reason=BAD_TOKEN, lenient=True, known_as=("RS-21",)),
    Case("token.illegal-characters", "a token with blanks, quotes and backslashes", requirements=("RFC9449-7.1-no-access",), faults=("crashes-on-odd-token",),
         threat="credentials that cannot be parsed end in a crash", change=token_value('m"a l\\f,o=r;m e\xe9d'), names_the_reason=BAD_TOKEN, known_as=("RS-21",)),
)


@cases(*spread(ROWS, RESOURCES))
def test_token_has_one_place_and_one_form(case, target):
    target.refuses(case)


BOTH = Case("rs.token.header-and-form", "the token in Authorization and in a form", requirements=ONE_WAY, faults=("rs-token-elsewhere-ignored",), threat=TWO,
            change=also_in_form, place="api", names_the_reason=TWICE, lenient=True, known_as=("RS-22",))


@cases(BOTH)
def test_token_in_form_besides_header_is_refused(case, target):
    resource = target.session.profile.resource
    if resource is None or "POST" not in resource.methods:
        raise NotApplicable("the profile does not say that POST works at the resource (resource.methods)")
    target.refuses(case)
