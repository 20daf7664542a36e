"""Variants of a valid request that a conformant target accepts as well (RFC 9449 sections 4.2, 4.3 and 7.1)."""

from keybound.cases.declare import PROOF_READERS, RESOURCES, TOKEN, Case, cases, spread, without_requirements
from keybound.craft.changes.proof import claim, htu, htu_in_capitals, member
from keybound.craft.changes.request import all_of, header_name, query_parameter, scheme, with_method
from keybound.craft.changes.values import later, with_last_character_encoded, written
from keybound.errors import NotApplicable

UNKNOWN = all_of(claim("https://keybound.example/claim", {"any": ["thing"]}), member("https://keybound.example/member", "anything"))
EXTRA = Case("proof.extra-members", "unknown claims and header members", requirements=("RFC9449-4.2-extra-members",),
             faults=("refuses-extra-members",), threat="extensions of the proof break the server", change=UNKNOWN, known_as=("TP-29",))
UPPER = Case("proof.htu.upper-case", "htu with scheme and host in upper case", requirements=("RFC9449-4.3-htu-normalization",),
             faults=("htu-not-normalised",), threat="clients that write the same URI in another way are locked out",
             change=htu_in_capitals, lenient=True, known_as=("HT-03",))
ENCODED = Case("proof.htu.percent-encoded", "htu with a letter of its path percent-encoded", requirements=("RFC9449-4.3-htu-normalization",),
               faults=("htu-not-normalised",), threat="clients that write the same URI in another way are locked out",
               change=htu("path", with_last_character_encoded), lenient=True, known_as=("HT-09",))
DOTS = Case("proof.htu.dot-segments", "htu with dot segments", requirements=("RFC9449-4.3-htu-normalization",), faults=("htu-not-normalised",),
            threat="clients that write the same URI in another way are locked out", change=htu("path", written("/x/..{}")), lenient=True,
            known_as=("HT-08",))
FRACTION = Case("proof.iat.fraction", "iat with a fraction of a second", requirements=("RFC9449-4.3-iat-present",), faults=("iat-integer-only",),
                threat="a NumericDate may have a fraction (RFC 7519 section 2)", change=claim("iat", later(0.5)), lenient=True)
NAMES = tuple(
    Case(f"proof.header.{name}", f"the field name written {spelled}", requirements=("RFC9449-4.1-field-name-case", "RFC9110-5.1-field-name-case"), faults=("header-case-sensitive",),
         threat="field names have no case", change=header_name(spelled))
    for name, spelled in (("lower-case", "dpop"), ("upper-case", "DPOP"))
)
HTU_QUERY = Case("proof.htu.with-query", "htu with a query and a fragment", requirements=("RFC9449-4.3-htu-query-fragment",),
                 faults=("htu-not-normalised",), threat="clients that put the whole URL into htu are locked out",
                 change=claim("htu", written("{}?a=1#b")), lenient=True, known_as=("HT-01",))


@cases(*spread([EXTRA, UPPER, HTU_QUERY, ENCODED, DOTS, FRACTION], without_requirements(*PROOF_READERS)), *spread(NAMES, without_requirements(TOKEN, *RESOURCES)))
def test_variant_is_accepted(case, target):
    target.accepts(case)


PROFILES = ("ATPROTO-dpop-es256", "HAIP-4-dpop")
ALGS = tuple(
    Case(f"{prefix}.alg.{alg.lower()}", f"a proof signed with {alg}", requirements=("RFC9449-4.3-alg-supported", *(PROFILES if alg == "ES256" else ())),
         faults=(f"{prefix}-refuses-{family}",), threat="an advertised algorithm does not work", place=place, data=alg, known_as=("BI-08", "BI-09"))
    for prefix, place in (("as", "token"), ("rs", "api"))
    for alg, family in (("ES256", "es256"), ("EdDSA", "eddsa"), ("PS256", "rsa"), ("RS256", "rsa"), ("ES384", "es384"))
)


@cases(*ALGS)
def test_advertised_algorithm_works(case, target):
    if case.data not in target.session.advertised_algs:
        raise NotApplicable(f"{case.data} is not in dpop_signing_alg_values_supported")
    target.accepts(case, target.holding(target.session.key("victim", case.data)))


METHODS = tuple(
    Case(f"rs.method.{method.lower()}", f"a {method} request with a proof for {method}", requirements=("RFC9449-4.3-htm",),
         faults=("rs-wants-get-as-htm",), threat="the server expects another method in htm than the request's", change=with_method(method), place="api",
         data=method)
    for method in ("HEAD", "POST")
)


@cases(*METHODS)
def test_method_works(case, target):
    resource = target.session.profile.resource
    if resource is None or case.data not in resource.methods:
        raise NotApplicable(f"the profile does not say that {case.data} works at the resource (resource.methods)")
    target.accepts(case)


QUERY = Case("request.query", "a query in the request, none in htu", requirements=("RFC9449-4.3-htu-query-fragment",), faults=("htu-query-kept",),
             threat="every request with a query is refused", change=query_parameter("keybound", "1"), known_as=("HT-02",))
SCHEME = tuple(
    Case(f"scheme.{name}", f"the authentication scheme written {spelled}", requirements=("RFC9449-7.1-scheme-case", "RFC9110-11.1-scheme-case", "FAPI2SP-5.3.4-token-in-header"), faults=("scheme-case-sensitive",),
         threat="clients that write the scheme in another case are locked out", change=scheme(spelled),
         known_as=("RS-16",))
    for name, spelled in (("lower-case", "dpop"), ("upper-case", "DPOP"))
)


@cases(*spread([QUERY, *SCHEME], without_requirements(*RESOURCES)))
def test_request_variant_is_accepted(case, target):
    target.accepts(case)
