"""What the authorization server publishes of both mechanisms (RFC 9449 section 5.1, RFC 8705 section 3.3)."""

from keybound.cases.declare import Case, cases
from keybound.check.metadata import are_asymmetric_algs, empty_arrays, server_metadata, server_metadata_value
from keybound.errors import NotApplicable

ALGS = "dpop_signing_alg_values_supported"
BOUND = "tls_client_certificate_bound_access_tokens"

DPOP = Case("as.metadata.dpop-algs", f"{ALGS} lists asymmetric algorithms", requirements=("RFC9449-5.1-signing-algs",),
            faults=("as-metadata-algs-string", "as-metadata-algs-none"), threat="clients are led to an algorithm that proves nothing",
            known_as=("MD-01", "MD-02"))
MTLS = Case("as.metadata.mtls-bound", f"{BOUND} is a boolean", requirements=("RFC8705-3.3-metadata-bound",), faults=("as-metadata-mtls-flag-string",),
            threat="clients cannot tell whether tokens are bound", mechanism="mtls", known_as=("MD-03",))

ALIASES = Case("as.metadata.mtls-aliases", "mtls_endpoint_aliases is an object of https URLs", requirements=("RFC8705-5-aliases",),
               faults=("as-metadata-aliases-list", "as-metadata-alias-http"), threat="clients with certificates are sent nowhere, or in the clear",
               mechanism="mtls")

STRONG = Case("as.metadata.asymmetric-auth", "clients can authenticate with a key pair", requirements=("RFC9700-2.5-asymmetric-client-auth",),
              faults=("as-metadata-secrets-only",), threat="every client has a secret that others can learn", mechanism="mtls", known_as=("BCP-AR-02",))


@cases(DPOP)
def test_proof_algorithms_are_listed(case, target):
    value = server_metadata_value(target, ALGS)
    target.expect(bool(value) and are_asymmetric_algs(value), "an array of asymmetric JWS algorithms", value)


@cases(MTLS)
def test_bound_tokens_are_announced_as_boolean(case, target):
    value = server_metadata_value(target, BOUND)
    target.expect(isinstance(value, bool), "true or false", repr(value))


@cases(ALIASES)
def test_aliases_are_https_urls_by_name(case, target):
    value = server_metadata_value(target, "mtls_endpoint_aliases")
    good = isinstance(value, dict) and all(
        name.endswith("_endpoint") and isinstance(url, str) and url.startswith("https://") for name, url in value.items()
    )
    target.expect(good, "an object of endpoint names and https URLs", value)


@cases(STRONG)
def test_clients_can_use_key_pairs(case, target):
    listed = server_metadata_value(target, "token_endpoint_auth_methods_supported")
    strong = {"tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"}
    target.expect(isinstance(listed, list) and bool(strong & set(listed)), f"one of {', '.join(sorted(strong))}", listed)


LOST = "clients take the metadata for what it is not"


def row(slug, title, rule, fault, threat=LOST, *, lenient=False, known_as=()):
    return Case(f"as.metadata.{slug}", title, requirements=rule, faults=(f"as-metadata-{fault}",), threat=threat, lenient=lenient, known_as=known_as)


EMPTY = row("no-empty", "the metadata has no empty array", ("RFC8414-3.2-no-empty-arrays",), "empty-array", known_as=("MD-02",))
WHOLE = row("complete", "the metadata has what RFC 8414 demands of it", ("RFC9700-2.6-metadata",), "incomplete", lenient=True)
HTTPS = row("https", "every endpoint that takes part in DPoP is an https URL", ("RFC9449-2-https",), "endpoint-http",
            "tokens and proofs travel in the clear")
ES256 = row("dpop-algs.es256", f"{ALGS} is there and has ES256", ("ATPROTO-metadata-dpop-algs",), "without-es256",
            "clients that know only ES256 are locked out")


@cases(EMPTY)
def test_metadata_has_no_empty_array(case, target):
    empty = empty_arrays(server_metadata(target))
    target.expect(not empty, "lists without elements left out", ", ".join(empty) or "none")


@cases(WHOLE)
def test_metadata_is_complete(case, target):
    missing = {"issuer", "token_endpoint", "response_types_supported"} - server_metadata(target).keys()
    target.expect(not missing, "issuer, token_endpoint, response_types_supported", f"without {', '.join(sorted(missing))}")


@cases(HTTPS)
def test_endpoints_are_https(case, target):
    values = server_metadata(target)
    if not str(values.get("issuer")).startswith("https://"):
        raise NotApplicable("the issuer itself is no https URL: this is a rig, not a deployment")
    names = ("authorization", "token", "pushed_authorization_request", "userinfo", "introspection", "revocation")
    plain_http = [name for name in names if str(values.get(f"{name}_endpoint", "https://")).startswith("http://")]
    target.expect(not plain_http, "https URLs", ", ".join(plain_http) or "https URLs")


@cases(ES256)
def test_proof_algorithms_have_es256(case, target):
    listed = server_metadata(target).get(ALGS)
    target.expect(isinstance(listed, list) and "ES256" in listed, "a list with ES256", listed)
