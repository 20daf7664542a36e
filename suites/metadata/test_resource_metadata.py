"""What the resource server publishes of itself, and whether it behaves so (RFC 9728)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.access_token import without_token_claim
from keybound.craft.changes.jose import flipped_signature
from keybound.craft.changes.request import stolen_as_bearer
from keybound.errors import NotApplicable
from keybound.profile.resource_metadata import fetch, location

ALGS, REQUIRED, MTLS = (
    "dpop_signing_alg_values_supported",
    "dpop_bound_access_tokens_required",
    "tls_client_certificate_bound_access_tokens",
)
LOST = "clients find no metadata, or throw it away"


def row(slug, title, rule, fault, threat=LOST, place="", change=None):
    return Case(f"rs.metadata.{slug}", title, requirements=(rule,), faults=(f"rs-metadata-{fault}",), threat=threat, change=change, place=place)


def resource_url(target):
    if target.session.profile.resource is None:
        raise NotApplicable("the profile names no protected resource ([resource])")
    return target.session.profile.resource.url


def published(target):
    """Return the response that holds the metadata; most resource servers publish none."""
    response = fetch(resource_url(target), target.session.wire).response
    if response is None or response.status != 200:
        raise NotApplicable(f"there is no metadata at {location(resource_url(target))}")
    return response


def member(target, name):
    document = published(target).object
    if name not in document:
        raise NotApplicable(f"the metadata has no {name}, which it need not have")
    return document[name]


JSON = row("json", "the metadata is served as application/json", "RFC9728-3.2-json", "not-json")
PRESENT = row("resource", "the metadata names its resource", "RFC9728-2-resource", "without-resource")
SAME = row("resource.same", "the metadata names the resource it was asked for", "RFC9728-3.3-resource", "other-resource")
EMPTY = row("no-empty", "the metadata has no empty array", "RFC9728-3.2-no-empty", "empty-array")


@cases(JSON)
def test_metadata_is_json(case, target):
    response = published(target)
    kind = (response.first("Content-Type") or "").partition(";")[0].strip().lower()
    target.expect(kind == "application/json" and bool(response.object), "a JSON object as application/json", kind or "no type")


@cases(PRESENT)
def test_metadata_names_its_resource(case, target):
    document = published(target).object
    target.expect(isinstance(document.get("resource"), str), "resource", ", ".join(document))


@cases(SAME)
def test_metadata_is_of_this_resource(case, target):
    seen, asked = member(target, "resource"), resource_url(target)
    target.expect(str(seen).rstrip("/") == asked.rstrip("/"), asked, seen)


@cases(EMPTY)
def test_metadata_has_no_empty_array(case, target):
    empty = [name for name, value in published(target).object.items() if value == []]
    target.expect(not empty, "parameters without values left out", ", ".join(empty) or "none")


SERVED = row("well-known", "a resource that points to its metadata serves it at the well-known place", "RFC9728-3-well-known",
             "not-served", place="api", change=flipped_signature)
POINTED = Case("rs.challenge.metadata", "the challenge points to the metadata of this resource", requirements=("RFC9728-5.1-challenge",),
               faults=("rs-challenge-other-metadata",), threat=LOST, change=flipped_signature, place="api")


def pointer(case, target):
    """Return `resource_metadata` of the challenge."""
    found = target.refusal(case).parameter("dpop", "resource_metadata")
    if found is None:
        raise NotApplicable("the challenge has no resource_metadata, which it need not have")
    return found


@cases(SERVED)
def test_metadata_is_at_the_well_known_place(case, target):
    pointer(case, target)
    response = fetch(resource_url(target), target.session.wire).response
    target.expect(response is not None and response.ok, f"200 at {location(resource_url(target))}",
                  response.status if response else "no answer")


@cases(POINTED)
def test_challenge_points_to_the_metadata(case, target):
    seen = pointer(case, target)
    target.expect(seen == location(resource_url(target)), location(resource_url(target)), seen)


LISTED = row("dpop-algs", f"{ALGS} lists asymmetric algorithms", "RFC9728-2-dpop-algs", "algs-none",
             "clients are led to an algorithm that proves nothing")
WORK = row("dpop-algs.work", f"every algorithm of {ALGS} works", "RFC9728-2-dpop-algs", "algs-unsupported",
           "an advertised algorithm does not work", "api")


@cases(LISTED)
def test_proof_algorithms_are_asymmetric(case, target):
    value = member(target, ALGS)
    good = isinstance(value, list) and all(isinstance(a, str) and a != "none" and not a.startswith("HS") for a in value)
    target.expect(good, "an array of asymmetric JWS algorithms", value)


@cases(WORK)
def test_advertised_algorithms_work(case, target):
    algs = target.signable(member(target, ALGS))
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
    value = member(target, MTLS if "mtls" in case.id else REQUIRED)
    target.expect(isinstance(value, bool), "true or false", repr(value))


ONLY_DPOP = row("dpop-required.unbound", f"a token bound to nothing, where {REQUIRED} is true", "RFC9728-2-dpop-required",
                "says-dpop-required", "the metadata promises a protection that is not there", "tokens.jwt", stolen_as_bearer)


@cases(ONLY_DPOP)
def test_unbound_token_is_refused_where_dpop_is_required(case, target):
    if member(target, REQUIRED) is not True:
        raise NotApplicable(f"{REQUIRED} is not true")
    target.refuses(case, target.token_with(without_token_claim("cnf"), case.change))
