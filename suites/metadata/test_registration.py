"""Clients that register themselves: what they ask for is kept or refused, not lost or mixed up (RFC 7591, RFC 8705, RFC 9449).

Needs [registration] in the profile. A server may drop or replace what it does not support, so most breaches are warnings.
"""

from keybound.cases.declare import Case, cases
from keybound.check.registration import expect_not_both, registered
from keybound.errors import NotApplicable
from keybound.places.registration import client_metadata

PLACE, BOUND, CERTIFICATE = "registration", "dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"
ANNOUNCED = {BOUND: "dpop_signing_alg_values_supported", CERTIFICATE: CERTIFICATE}


def row(slug, title, rules, fault, threat, *, data=None, change=None, known_as=(), lenient=True, mechanism="dpop"):
    return Case(f"as.registration.{slug}", title, requirements=rules, faults=(f"as-registration-{fault}",), threat=threat, place=PLACE, data=data, change=change, known_as=known_as,
                lenient=lenient, mechanism=mechanism)


UNHEARD = "the client believes its tokens are bound, and they are not"
ECHO = (
    row("dpop-bound", f"{BOUND} is registered and shown", ("RFC7591-3.2.1-metadata-returned",), "hides-binding", UNHEARD,
        data=BOUND, known_as=("MD-06",)),
    row("certificate-bound", f"{CERTIFICATE} is registered and shown", ("RFC7591-3.2.1-metadata-returned",), "hides-binding", UNHEARD,
        data=CERTIFICATE, known_as=("MD-06",), mechanism="mtls"),
)


@cases(*ECHO)
def test_binding_is_registered(case, target):
    if not target.session.metadata.values.get(ANNOUNCED[case.data]):
        raise NotApplicable(f"the metadata does not announce it ({ANNOUNCED[case.data]})")
    client = registered(target, **{case.data: True})
    if not client:
        raise NotApplicable("the server does not register such a client")
    target.expect(client.get(case.data) is True, f"{case.data}: true", ", ".join(sorted(client)))


UNKNOWN = row("unknown-metadata", "metadata that the server does not know", ("RFC7591-2-unknown-metadata",), "refuses-unknown",
              "clients with a newer feature cannot register", change=client_metadata({"keybound_unknown": "anything"}), lenient=False)


@cases(UNKNOWN)
def test_unknown_metadata_is_ignored(case, target):
    target.accepts(case)


KEYS = row("both-key-sets", "jwks and jwks_uri in one registration", ("RFC7591-2-jwks-or-uri",), "both-key-sets",
           "nobody knows whose keys count")


@cases(KEYS)
def test_keys_are_given_in_one_way(case, target):
    keys = {"jwks": {"keys": [dict(target.session.attacker.key.jwk)]}, "jwks_uri": "https://client.keybound.example/jwks"}
    expect_not_both(target, registered(target, **keys), keys)


SUBJECTS = row("two-subjects", "two expected subjects of tls_client_auth", ("RFC8705-2.1.2-one-subject",), "two-subjects",
               "one more name lets one more certificate in", known_as=("MC-05",), mechanism="mtls")


@cases(SUBJECTS)
def test_subject_is_one(case, target):
    if "tls_client_auth" not in target.session.metadata.strings("token_endpoint_auth_methods_supported"):
        raise NotApplicable("the server does not list tls_client_auth")
    one = {"tls_client_auth_subject_dn": "CN=keybound.example"}
    by_certificate = {"token_endpoint_auth_method": "tls_client_auth"}
    if not registered(target, **by_certificate, **one):
        raise NotApplicable("the server does not register a client for tls_client_auth")
    two = one | {"tls_client_auth_san_dns": "client.keybound.example"}
    expect_not_both(target, registered(target, **by_certificate, **two), two)


FRONT = row("front-channel", "a client held to DPoP asks for tokens in the front channel", ("RFC9449-5.2-bound-client",),
            "front-channel", "tokens of the authorization endpoint are bound to nothing", known_as=("BI-13",))


@cases(FRONT)
def test_bound_client_gets_no_tokens_in_the_front_channel(case, target):
    client = registered(target, response_types=["token"], grant_types=["implicit"])
    both = client.get(BOUND) is True and "token" in client.get("response_types", [])
    target.expect(not both, "400 invalid_client_metadata, or one of them dropped", "both are registered" if both else "refused or dropped")
