"""Somebody who knows a client's id asks for its tokens without its certificate (RFC 8705 section 2)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import attackers_certificate, no_certificate

IMPERSONATION = "whoever knows the client_id is the client"

AUTHENTICATION = (
    Case("as.mtls.pki.no-certificate", "tls_client_auth without a certificate", ("RFC8705-2-handshake",),
         ("as-mtls-certificate-optional",), IMPERSONATION, no_certificate, "mtls.token.pki", mechanism="mtls", also=("MC-02",)),
    Case("as.mtls.pki.attacker-certificate", "tls_client_auth with the attacker's certificate",
         ("RFC8705-2-client-binding", "RFC8705-2.1-subject-match"), ("as-mtls-any-certificate",), IMPERSONATION,
         attackers_certificate, "mtls.token.pki", mechanism="mtls", also=("MC-04",)),
    Case("as.mtls.self-signed.no-certificate", "self_signed_tls_client_auth without a certificate", ("RFC8705-2-handshake",),
         ("as-mtls-certificate-optional",), IMPERSONATION, no_certificate, "mtls.token.self-signed", mechanism="mtls",
         also=("MC-02",)),
    Case("as.mtls.self-signed.attacker-certificate", "self_signed_tls_client_auth with the attacker's certificate",
         ("RFC8705-2-client-binding", "RFC8705-2.2-registered-certificate"), ("as-self-signed-any-certificate",),
         IMPERSONATION, attackers_certificate, "mtls.token.self-signed", mechanism="mtls", also=("MC-07",)),
    Case("as.mtls.refresh.attacker-certificate", "a public client's refresh token with the attacker's certificate",
         ("RFC8705-4-refresh-bound-public",), ("as-mtls-refresh-any-certificate",),
         "the thief gets new access tokens, bound to itself", attackers_certificate, "mtls.refresh.public", mechanism="mtls",
         also=("CB-05",)),
)


@cases(*AUTHENTICATION)
def test_only_its_certificate_makes_the_client(case, target):
    target.refuses(case)


ERROR = Case("as.mtls.error.invalid-client", "failed authentication is answered invalid_client", ("RFC8705-2-invalid-client",),
             ("as-mtls-wrong-error",), "clients cannot tell what went wrong", no_certificate, "mtls.token.pki", mechanism="mtls")


@cases(ERROR)
def test_failed_authentication_has_the_right_error(case, target):
    answer = target.refusal(case)
    right = answer.by_tls or (answer.status in {400, 401} and "invalid_client" in answer.codes)
    target.expect(right, "400 or 401 invalid_client, or a refusal by TLS", answer.seen)
