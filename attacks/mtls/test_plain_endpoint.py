"""The endpoint beside the alias: where certificates are not looked at, nobody is a client by certificate (RFC 8705 section 5)."""

from keybound.cases.declare import Case, cases
from keybound.check.metadata import token_endpoint_and_alias
from keybound.craft.changes.certificate import at, attackers_certificate, no_certificate
from keybound.craft.changes.proof import claim

WEAKER = "the endpoint for everybody checks less than the one for certificates"

WITHOUT = (
    Case("as.mtls.plain-endpoint.no-certificate", "tls_client_auth without a certificate, at the endpoint that is no alias",
         requirements=("RFC8705-2-handshake",), faults=("as-plain-endpoint-unauthenticated",), threat=WEAKER, change=no_certificate, place="mtls.token.dn",
         mechanism="mtls", known_as=("MC-02", "MC-10")),
    Case("as.mtls.plain-endpoint.attacker-certificate",
         "tls_client_auth with the attacker's certificate, at the endpoint that is no alias", requirements=("RFC8705-2-client-binding",),
         faults=("as-plain-endpoint-unauthenticated",), threat=WEAKER, change=attackers_certificate, place="mtls.token.dn", mechanism="mtls",
         known_as=("MC-04", "MC-10")),
)


@cases(*WITHOUT)
def test_plain_endpoint_is_no_weaker(case, target):
    plain, _ = token_endpoint_and_alias(target)
    target.refuses(case, at(plain, case.change))


# What htu has to be at an alias is not said (RFC 8705 section 5): one that fits another address is at most a warning.
OTHER_ADDRESS = "a proof caught at one address is good at the other"
HTU = (
    Case("as.both.htu.plain-at-alias", "htu of the plain endpoint, at the alias", requirements=("RFC9449-4.3-htu",), faults=("as-htu-alias-merged",),
         says="htu: the token endpoint without its mTLS alias", threat=OTHER_ADDRESS, place="both.token", lenient=True, known_as=("BM-05",), data=0),
    Case("as.htu.alias-at-plain", "htu of the alias, at the plain endpoint", requirements=("RFC9449-4.3-htu",), faults=("as-htu-alias-merged",),
         says="htu: the mTLS alias of the token endpoint", threat=OTHER_ADDRESS, place="token", lenient=True, known_as=("BM-05",), data=1),
)


@cases(*HTU)
def test_proof_is_for_one_address(case, target):
    target.refuses(case, claim("htu", token_endpoint_and_alias(target)[case.data]))
