"""Somebody who knows a client's id asks for its tokens without its certificate (RFC 8705 section 2)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import attackers_certificate, no_certificate

IMPERSONATION = "whoever knows the client_id is the client"

AUTHENTICATION = (
    Case("as.mtls.pki.no-certificate", "tls_client_auth without a certificate", requirements=("RFC8705-2-handshake",),
         faults=("as-mtls-certificate-optional",), threat=IMPERSONATION, change=no_certificate, place="mtls.token.pki", mechanism="mtls", known_as=("MC-02",)),
    Case("as.mtls.pki.attacker-certificate", "tls_client_auth with the attacker's certificate",
         requirements=("RFC8705-2-client-binding", "RFC8705-2.1-subject-match"), faults=("as-mtls-any-certificate",), threat=IMPERSONATION,
         change=attackers_certificate, place="mtls.token.pki", mechanism="mtls", known_as=("MC-04",)),
    Case("as.mtls.self-signed.no-certificate", "self_signed_tls_client_auth without a certificate", requirements=("RFC8705-2-handshake",),
         faults=("as-mtls-certificate-optional",), threat=IMPERSONATION, change=no_certificate, place="mtls.token.self-signed", mechanism="mtls",
         known_as=("MC-02",)),
    Case("as.mtls.self-signed.attacker-certificate", "self_signed_tls_client_auth with the attacker's certificate",
         requirements=("RFC8705-2-client-binding", "RFC8705-2.2-registered-certificate"), faults=("as-self-signed-any-certificate",),
         threat=IMPERSONATION, change=attackers_certificate, place="mtls.token.self-signed", mechanism="mtls", known_as=("MC-07",)),
    Case("as.mtls.refresh.attacker-certificate", "a public client's refresh token with the attacker's certificate",
         requirements=("RFC8705-4-refresh-bound-public",), faults=("as-mtls-refresh-any-certificate",),
         threat="the thief gets new access tokens, bound to itself", change=attackers_certificate, place="mtls.refresh.public", mechanism="mtls",
         known_as=("CB-05",)),
)


@cases(*AUTHENTICATION)
def test_only_its_certificate_makes_the_client(case, target):
    target.refuses(case)


ERROR = Case("as.mtls.error.invalid-client", "failed authentication is answered invalid_client", requirements=("RFC8705-2-invalid-client",),
             faults=("as-mtls-wrong-error",), threat="clients cannot tell what went wrong", change=no_certificate, place="mtls.token.pki", mechanism="mtls")


@cases(ERROR)
def test_failed_authentication_has_the_right_error(case, target):
    answer = target.refusal(case)
    right = answer.by_tls or (answer.status in {400, 401} and "invalid_client" in answer.codes)
    target.expect(right, "400 or 401 invalid_client, or a refusal by TLS", answer.seen)
