"""A client whose self-signed certificate is registered by jwks_uri (RFC 8705 section 2.2), where keybound serves it.

The profile says where (jwks_uri). One place for all the checks: a server may keep what it fetched for a while.
"""

from keybound.cases.declare import Case, cases
from keybound.check.ages import accepted_within
from keybound.check.controls import must_work
from keybound.check.jwks_uri import served_client
from keybound.craft.changes.certificate import (
    attackers_certificate,
    no_certificate,
    related_certificate,
    showing,
)
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

REGISTERED = "RFC8705-2.2-registered-certificate"
PATIENCE = 5.0  # seconds

WRONG = tuple(
    Case(f"as.mtls.jwks-uri.{slug}", f"self_signed_tls_client_auth by jwks_uri {title}", requirements=(rule,), faults=(fault,),
         threat="whoever knows the client_id is the client", change=change, mechanism="mtls", known_as=(label,))
    for slug, title, rule, fault, change, label in (
        ("no-certificate", "without a certificate", "RFC8705-2-handshake", "as-mtls-certificate-optional", no_certificate, "MC-02"),
        ("attacker-certificate", "with the attacker's certificate", REGISTERED, "as-self-signed-any-certificate",
         attackers_certificate, "MC-07"),
        ("twin", "with the registered subject and another key", REGISTERED, "as-self-signed-subject-compared",
         related_certificate("self-signed-twin"), "MC-07"),
    )
)


@cases(*WRONG)
def test_only_the_certificate_of_the_key_set_makes_the_client(case, target):
    with served_client(target) as (place, _):
        target.refuses(case, place=place)


ODD = Case("as.mtls.jwks-uri.odd-key", "a key set with a key of no known type before the right one", requirements=("RFC8705-2.2-no-chain",),
           faults=("as-jwks-uri-odd-key-fatal",), says="nothing: the key set has a key of no known type first", threat="one key that a server cannot read locks the client out", mechanism="mtls", lenient=True,
           known_as=("MC-08",))


@cases(ODD)
def test_keys_of_unknown_type_are_skipped(case, target):
    with served_client(target) as (place, keys):
        must_work(place, "control before: the client is known by its key set")
        keys.register(place.build(place.material()).identity, {"kty": "https://keybound.example/kty", "x5c": ["AAAA"]})
        target.expect_effect(place.attempt(None, "variant"), "a token")


ROTATED = (
    Case("as.mtls.jwks-uri.rotated.new", "the certificate that has come into the key set", requirements=(REGISTERED,), faults=("as-jwks-uri-kept",),
         says="the certificate that has come into the key set", threat="a client that renews its certificate is locked out", mechanism="mtls", lenient=True, known_as=("MC-07",), data="new"),
    Case("as.mtls.jwks-uri.rotated.old", "the certificate that has gone from the key set", requirements=(REGISTERED,), faults=("as-jwks-uri-old-kept",),
         says="the certificate that has gone from the key set", threat="a certificate that was withdrawn lives on", mechanism="mtls", lenient=True, known_as=("MC-07",), data="old"),
)


@cases(*ROTATED)
def test_key_set_is_read_again(case, target):
    """Wait a little for a server that keeps what it fetched; to keep it for longer is lawful, so this only warns."""
    with served_client(target) as (place, keys):
        old = place.build(place.material()).identity
        new = target.session.attacker.related(old).get("self-signed-twin")
        if new is None:
            raise NotApplicable("there is no second self-signed certificate for this client")
        must_work(place, "control before: the client is known by its key set")
        keys.register(new)
        answer = accepted_within(place, showing(new), PATIENCE, "the new certificate")
        if case.data == "new":
            target.expect_effect(answer, f"accepted within {PATIENCE:g} s")
        elif answer.outcome is not Outcome.EFFECT:
            raise NotApplicable("the change is not noticed: that is for another case to say")
        else:
            target.expect_no_effect(place.attempt(None, "hostile: the old certificate"), "refused")
        keys.register(old)
        place.attempt(None, "the old certificate, registered again")
