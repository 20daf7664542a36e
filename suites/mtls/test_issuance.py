"""A token got over mutual TLS is bound to the certificate of that connection, and says so (RFC 8705 section 3)."""

import re

from keybound.cases.declare import Case, cases
from keybound.check.issuing import expect_certificate_binding, introspected_cnf, own_x5t
from keybound.craft.certificates import x5t_s256
from keybound.errors import NotApplicable

ISSUE = (
    Case("as.mtls.issue.pki", "a client with a CA's certificate gets a bound token", requirements=("RFC8705-3.1-cnf-x5t",), faults=("as-x5t-missing",),
         threat="the token works without the certificate", mechanism="mtls", data="tls_client_auth", known_as=("CB-01", "MC-01")),
    Case("as.mtls.issue.self-signed", "a client with a self-signed certificate gets a bound token",
         requirements=("RFC8705-3.1-cnf-x5t", "RFC8705-2.2-no-chain"), faults=("as-x5t-missing",), threat="the token works without the certificate",
         mechanism="mtls", data="self_signed_tls_client_auth", known_as=("CB-01",)),
    Case("as.mtls.issue.public", "a public client with a certificate gets a bound token", requirements=("RFC8705-4-public-bound",),
         faults=("as-x5t-missing",), threat="the token works without the certificate", mechanism="mtls", data="none", known_as=("CB-01",)),
)
GRANTS = tuple(
    Case(f"as.mtls.issue.{name}", f"the grant {grant} gives a bound token as well", requirements=("RFC8705-3.1-cnf-x5t",), faults=(fault,),
         threat="one grant forgets the binding", mechanism="mtls", data=grant, known_as=("CB-01",))
    for name, grant, fault in (
        ("code", "authorization_code", "as-mtls-code-unbound"),
        ("device", "device_code", "as-mtls-extensions-unbound"),
        ("ciba", "ciba", "as-mtls-extensions-unbound"),
        ("exchange", "token_exchange", "as-mtls-extensions-unbound"),
        ("jwt-bearer", "jwt_bearer", "as-mtls-extensions-unbound"),
    )
)
REGISTERED = Case("as.mtls.issue.registered", "a client registered for bound tokens gets them", requirements=("RFC8705-3.4-registration-bound", "FAPI2SP-5.3.2.1-constraint-method"),
                  faults=("as-x5t-missing",), threat="what the client asked for is ignored", mechanism="mtls")


@cases(*ISSUE)
def test_token_is_bound(case, target):
    expect_certificate_binding(target, target.token("mtls", auth=case.data, readable=True))


@cases(*GRANTS)
def test_token_of_every_grant_is_bound(case, target):
    expect_certificate_binding(target, target.token("mtls", case.data, readable=True))


@cases(REGISTERED)
def test_registration_is_honoured(case, target):
    token = target.token("mtls", readable=True)
    if not token.token.lane.client.certificate_bound:
        raise NotApplicable("the profile does not say that the client is registered for bound tokens (certificate_bound)")
    target.expect("x5t#S256" in token.cnf, "cnf.x5t#S256", token.facts)


REFRESHED = (
    Case("as.mtls.refresh.bound", "a public client's refreshed token is bound as well",
         requirements=("RFC8705-3.1-cnf-x5t", "RFC8705-4-public-bound"), faults=("as-mtls-binding-on-first-token-only",),
         threat="the binding is lost with the first refresh", mechanism="mtls", data="none", known_as=("CB-03",)),
    Case("as.mtls.refresh.confidential.bound", "a confidential client's refreshed token is bound as well",
         requirements=("RFC8705-3.1-cnf-x5t",), faults=("as-mtls-binding-on-first-token-only",), threat="the binding is lost with the first refresh",
         mechanism="mtls", data="tls_client_auth", known_as=("CB-03",)),
)


@cases(*REFRESHED)
def test_refreshed_token_is_bound(case, target):
    expect_certificate_binding(target, target.token("mtls", "refresh_token", auth=case.data, readable=True))


VALUE = (
    Case("as.mtls.x5t.value", "x5t#S256 is the SHA-256 of the certificate's DER", requirements=("RFC8705-3.1-x5t-value", "RFC8705-7.2-sha256"),
         faults=("as-x5t-hex", "as-x5t-sha1", "as-x5t-of-key", "as-x5t-of-pem"), threat="no resource server can match the certificate, or too many certificates do",
         mechanism="mtls", known_as=("CB-09",)),
    Case("as.mtls.x5t.padding", "x5t#S256 has no padding", requirements=("RFC8705-3.1-x5t-no-padding",), faults=("as-x5t-padded",),
         threat="strict resource servers find no match", mechanism="mtls", known_as=("CB-09",)),
    Case("as.mtls.x5t.characters", "x5t#S256 has nothing but base64url", requirements=("RFC8705-3.1-x5t-no-whitespace",), faults=("as-x5t-wrapped",),
         threat="strict resource servers find no match", mechanism="mtls", known_as=("CB-09",)),
)


@cases(VALUE[0])
def test_thumbprint_is_of_the_certificate(case, target):
    seen, right = own_x5t(target)
    target.expect(seen.rstrip("= \r\n") == right, f"x5t#S256 {right}", seen)


@cases(VALUE[1])
def test_thumbprint_has_no_padding(case, target):
    seen, right = own_x5t(target)
    target.expect("=" not in seen, f"x5t#S256 {right}", seen)


@cases(VALUE[2])
def test_thumbprint_is_base64url(case, target):
    seen, right = own_x5t(target)
    target.expect(bool(re.fullmatch(r"[A-Za-z0-9_=-]+", seen)), f"x5t#S256 {right}", seen)


INTROSPECTED = Case("as.mtls.introspection.x5t", "introspection returns cnf.x5t#S256", requirements=("RFC8705-3.2-introspection-x5t",),
                    faults=("as-introspection-without-x5t",), threat="a resource server that introspects takes the token for a bearer token",
                    mechanism="mtls", known_as=("IN-03",))


@cases(INTROSPECTED)
def test_introspection_returns_the_binding(case, target):
    token, seen = introspected_cnf(target, "mtls", "x5t#S256")
    right = x5t_s256(token.certificate)
    target.expect(seen == right, f"cnf.x5t#S256 {right}", seen or "no cnf.x5t#S256")
