"""Variants of a valid request that a conformant target accepts as well (RFC 9449 sections 4.2, 4.3 and 7.1)."""

from dataclasses import replace
from urllib.parse import urlsplit

from keybound.cases import PROOF_READERS, RESOURCES, TOKEN, At, Case, cases, spread
from keybound.craft.deltas import claim, htu
from keybound.errors import NotApplicable


def extra_members(draft):
    draft.proof.claims["https://keybound.example/claim"] = {"any": ["thing"]}
    draft.proof.header["https://keybound.example/member"] = "anything"


EXTRA = Case("proof.extra-members", "unknown claims and header members", ("RFC9449-4.2-extra-members",),
             ("refuses-extra-members",), "extensions of the proof break the server", extra_members, also=("TP-29",))
UPPER = Case("proof.htu.upper-case", "htu with scheme and host in upper case", ("RFC9449-4.3-htu-normalization",),
             ("htu-not-normalised",), "clients that write the same URI in another way are locked out",
             htu(scheme=str.upper, netloc=str.upper), lenient=True, also=("HT-03",))
ENCODED = Case("proof.htu.percent-encoded", "htu with a letter of its path percent-encoded", ("RFC9449-4.3-htu-normalization",),
               ("htu-not-normalised",), "clients that write the same URI in another way are locked out",
               htu(path=lambda right: f"{right[:-1]}%{ord(right[-1]):02X}"), lenient=True, also=("HT-09",))
DOTS = Case("proof.htu.dot-segments", "htu with dot segments", ("RFC9449-4.3-htu-normalization",), ("htu-not-normalised",),
            "clients that write the same URI in another way are locked out", htu(path="/x/..{}".format), lenient=True,
            also=("HT-08",))
FRACTION = Case("proof.iat.fraction", "iat with a fraction of a second", ("RFC9449-4.3-iat-present",), ("iat-integer-only",),
                "a NumericDate may have a fraction (RFC 7519 section 2)", claim("iat", lambda right: right + 0.5), lenient=True)
NAMES = tuple(
    Case(f"proof.header.{name}", f"the field name written {spelled}", ("RFC9449-4.1-field-name-case", "RFC9110-5.1-field-name-case"), ("header-case-sensitive",),
         "field names have no case", lambda draft, s=spelled: setattr(draft, "proof_name", s))
    for name, spelled in (("lower-case", "dpop"), ("upper-case", "DPOP"))
)
HTU_QUERY = Case("proof.htu.with-query", "htu with a query and a fragment", ("RFC9449-4.3-htu-query-fragment",),
                 ("htu-not-normalised",), "clients that put the whole URL into htu are locked out",
                 claim("htu", lambda right: f"{right}?a=1#b"), lenient=True, also=("HT-01",))


def everywhere(*places: At) -> tuple[At, ...]:
    return tuple(replace(at, requirements=()) for at in places)


@cases(*spread([EXTRA, UPPER, HTU_QUERY, ENCODED, DOTS, FRACTION], everywhere(*PROOF_READERS)), *spread(NAMES, everywhere(TOKEN, *RESOURCES)))
def test_variant_is_accepted(case, target):
    target.accepts(case)


PROFILES = ("ATPROTO-dpop-es256", "HAIP-4-dpop")
ALGS = tuple(
    Case(f"{prefix}.alg.{alg.lower()}", f"a proof signed with {alg}", ("RFC9449-4.3-alg-supported", *(PROFILES if alg == "ES256" else ())),
         (f"{prefix}-refuses-{family}",), "an advertised algorithm does not work", place=place, data=alg, also=("BI-08", "BI-09"))
    for prefix, place in (("as", "token"), ("rs", "api"))
    for alg, family in (("ES256", "es256"), ("EdDSA", "eddsa"), ("PS256", "rsa"), ("RS256", "rsa"), ("ES384", "es384"))
)


@cases(*ALGS)
def test_advertised_algorithm_works(case, target):
    if case.data not in target.session.advertised_algs:
        raise NotApplicable(f"{case.data} is not in dpop_signing_alg_values_supported")
    target.accepts(case, target.holding(target.session.key("victim", case.data)))


def with_method(method):
    def delta(draft):
        draft.method = draft.proof.claims["htm"] = method

    return delta


METHODS = tuple(
    Case(f"rs.method.{method.lower()}", f"a {method} request with a proof for {method}", ("RFC9449-4.3-htm",),
         ("rs-wants-get-as-htm",), "the server expects another method in htm than the request's", with_method(method), "api",
         data=method)
    for method in ("HEAD", "POST")
)


@cases(*METHODS)
def test_method_works(case, target):
    resource = target.session.profile.resource
    if resource is None or case.data not in resource.methods:
        raise NotApplicable(f"the profile does not say that {case.data} works at the resource (resource.methods)")
    target.accepts(case)


def request_query(draft):
    draft.url += ("&" if urlsplit(draft.url).query else "?") + "keybound=1"


QUERY = Case("request.query", "a query in the request, none in htu", ("RFC9449-4.3-htu-query-fragment",), ("htu-query-kept",),
             "every request with a query is refused", request_query, also=("HT-02",))
SCHEME = tuple(
    Case(f"scheme.{name}", f"the authentication scheme written {scheme}", ("RFC9449-7.1-scheme-case", "RFC9110-11.1-scheme-case", "FAPI2SP-5.3.4-token-in-header"), ("scheme-case-sensitive",),
         "clients that write the scheme in another case are locked out", lambda draft, s=scheme: setattr(draft, "scheme", s),
         also=("RS-16",))
    for name, scheme in (("lower-case", "dpop"), ("upper-case", "DPOP"))
)


@cases(*spread([QUERY, *SCHEME], everywhere(*RESOURCES)))
def test_request_variant_is_accepted(case, target):
    target.accepts(case)
