"""The endpoint beside the alias: where certificates are not looked at, nobody is a client by certificate (RFC 8705 section 5)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import attackers_certificate, claim, no_certificate
from keybound.craft.deltas_mtls import at
from keybound.errors import NotApplicable

SIBLING = "the endpoint for everybody checks less than the one for certificates"

WITHOUT = (
    Case("as.mtls.plain-endpoint.no-certificate", "tls_client_auth without a certificate, at the endpoint that is no alias",
         ("RFC8705-2-handshake",), ("as-plain-endpoint-unauthenticated",), SIBLING, no_certificate, "mtls.token.dn",
         mechanism="mtls", also=("MC-02", "MC-10")),
    Case("as.mtls.plain-endpoint.attacker-certificate",
         "tls_client_auth with the attacker's certificate, at the endpoint that is no alias", ("RFC8705-2-client-binding",),
         ("as-plain-endpoint-unauthenticated",), SIBLING, attackers_certificate, "mtls.token.dn", mechanism="mtls",
         also=("MC-04", "MC-10")),
)


def two_endpoints(target):
    """Return the URLs of the token endpoint and of its alias."""
    plain, alias = (target.session.metadata.endpoint("token", mtls=mtls) for mtls in (False, True))
    if plain is None or alias in {None, plain}:
        raise NotApplicable("the metadata names no alias of the token endpoint")
    return plain, alias


@cases(*WITHOUT)
def test_plain_endpoint_is_no_weaker(case, target):
    plain, _ = two_endpoints(target)
    target.refuses(case, at(plain, case.delta))


# What htu has to be at an alias is not said (RFC 8705 section 5): one that fits another address is at most a warning.
OTHER_ADDRESS = "a proof caught at one address is good at the other"
HTU = (
    Case("as.both.htu.plain-at-alias", "htu of the plain endpoint, at the alias", ("RFC9449-4.3-htu",), ("as-htu-alias-merged",),
         OTHER_ADDRESS, place="both.token", lenient=True, also=("BM-05",), data=0),
    Case("as.htu.alias-at-plain", "htu of the alias, at the plain endpoint", ("RFC9449-4.3-htu",), ("as-htu-alias-merged",),
         OTHER_ADDRESS, place="token", lenient=True, also=("BM-05",), data=1),
)


@cases(*HTU)
def test_proof_is_for_one_address(case, target):
    target.refuses(case, claim("htu", lambda _: two_endpoints(target)[case.data]))
