"""What the resource server publishes of itself, and whether it behaves so (RFC 9728)."""

from keybound.cases.declare import Case, cases
from keybound.check.challenges import challenged_parameter
from keybound.check.metadata import (
    are_asymmetric_algs,
    empty_arrays,
    fetched_resource_metadata,
    metadata_location,
    resource_metadata,
    resource_metadata_value,
    resource_url,
)
from keybound.craft.changes.access_token import without_token_claim
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.request import stolen_as_bearer
from keybound.errors import NotApplicable

ALGS, REQUIRED, MTLS = (
    "dpop_signing_alg_values_supported",
    "dpop_bound_access_tokens_required",
    "tls_client_certificate_bound_access_tokens",
)
LOST = "clients find no metadata, or throw it away"


def row(slug, title, rule, fault, threat=LOST, place="", change=None):
    return Case(f"rs.metadata.{slug}", title, requirements=(rule,), faults=(f"rs-metadata-{fault}",), threat=threat, change=change, place=place)


JSON = row("json", "the metadata is served as application/json", "RFC9728-3.2-json", "not-json")
PRESENT = row("resource", "the metadata names its resource", "RFC9728-2-resource", "without-resource")
SAME = row("resource.same", "the metadata names the resource it was asked for", "RFC9728-3.3-resource", "other-resource")
EMPTY = row("no-empty", "the metadata has no empty array", "RFC9728-3.2-no-empty", "empty-array")


@cases(JSON)
def test_metadata_is_json(case, target):
    response = resource_metadata(target)
    kind = (response.first("Content-Type") or "").partition(";")[0].strip().lower()
    target.expect(kind == "application/json" and bool(response.object), "a JSON object as application/json", kind or "no type")


@cases(PRESENT)
def test_metadata_names_its_resource(case, target):
    document = resource_metadata(target).object
    target.expect(isinstance(document.get("resource"), str), "resource", ", ".join(document))


@cases(SAME)
def test_metadata_is_of_this_resource(case, target):
    seen, asked = resource_metadata_value(target, "resource"), resource_url(target)
    target.expect(str(seen).rstrip("/") == asked.rstrip("/"), asked, seen)


@cases(EMPTY)
def test_metadata_has_no_empty_array(case, target):
    empty = empty_arrays(resource_metadata(target).object)
    target.expect(not empty, "parameters without values left out", ", ".join(empty) or "none")


SERVED = row("well-known", "a resource that points to its metadata serves it at the well-known place", "RFC9728-3-well-known",
             "not-served", place="api", change=flipped_signature)
POINTED = Case("rs.challenge.metadata", "the challenge points to the metadata of this resource", requirements=("RFC9728-5.1-challenge",),
               faults=("rs-challenge-other-metadata",), threat=LOST, change=flipped_signature, place="api")


@cases(SERVED)
def test_metadata_is_at_the_well_known_place(case, target):
    challenged_parameter(target, case, "resource_metadata")
    response = fetched_resource_metadata(target)
    target.expect(response is not None and response.ok, f"200 at {metadata_location(target)}",
                  response.status if response else "no answer")


@cases(POINTED)
def test_challenge_points_to_the_metadata(case, target):
    seen, right = challenged_parameter(target, case, "resource_metadata"), metadata_location(target)
    target.expect(seen == right, right, seen)


LISTED = row("dpop-algs", f"{ALGS} lists asymmetric algorithms", "RFC9728-2-dpop-algs", "algs-none",
             "clients are led to an algorithm that proves nothing")
WORK = row("dpop-algs.work", f"every algorithm of {ALGS} works", "RFC9728-2-dpop-algs", "algs-unsupported",
           "an advertised algorithm does not work", "api")


@cases(LISTED)
def test_proof_algorithms_are_asymmetric(case, target):
    value = resource_metadata_value(target, ALGS)
    target.expect(are_asymmetric_algs(value), "an array of asymmetric JWS algorithms", value)


@cases(WORK)
def test_advertised_algorithms_work(case, target):
    algs = target.signable(resource_metadata_value(target, ALGS))
    if not algs:
        raise NotApplicable(f"keybound can sign with none of {ALGS}")
    for alg in algs:
        target.accepts(case, target.token_of_key(target.session.key("victim", alg)))


BOOLEANS = (
    row("mtls-bound", f"{MTLS} is a boolean", "RFC9728-2-mtls-bound", "flag-string", "clients cannot tell whether tokens are bound"),
    row("dpop-required", f"{REQUIRED} is a boolean", "RFC9728-2-dpop-required", "flag-string", "clients cannot tell what is needed"),
)


@cases(*BOOLEANS)
def test_flag_is_boolean(case, target):
    value = resource_metadata_value(target, MTLS if "mtls" in case.id else REQUIRED)
    target.expect(isinstance(value, bool), "true or false", repr(value))


ONLY_DPOP = row("dpop-required.unbound", f"a token bound to nothing, where {REQUIRED} is true", "RFC9728-2-dpop-required",
                "says-dpop-required", "the metadata promises a protection that is not there", "tokens.jwt", stolen_as_bearer)


@cases(ONLY_DPOP)
def test_unbound_token_is_refused_where_dpop_is_required(case, target):
    if resource_metadata_value(target, REQUIRED) is not True:
        raise NotApplicable(f"{REQUIRED} is not true")
    target.refuses(case, target.token_with(without_token_claim("cnf"), case.change))
