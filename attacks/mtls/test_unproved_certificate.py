"""No token is bound to a certificate whose key nobody proved (RFC 8705 sections 3 and 3.4)."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import token_or_refusal
from keybound.craft.certificates import x5t_s256
from keybound.craft.changes.certificate import no_certificate
from keybound.craft.changes.forwarded_header import spoofs

UNPROVED = (
    Case("as.mtls.unproved.no-certificate", "a bound client asks for a token without its certificate", requirements=("RFC8705-3.4-no-mtls",),
         faults=("as-mtls-binds-registered",), says="no certificate", threat="resource servers are told of a proof that never was", mechanism="mtls",
         data=[no_certificate], known_as=("CB-02",)),
    Case("as.mtls.unproved.header", "a public client quotes a certificate in a header", requirements=("RFC8705-3-proved-certificate",),
         faults=("as-trusts-certificate-header",), says="no certificate, and the client's own in a header", threat="whoever knows a certificate gets tokens bound to it", mechanism="mtls",
         data=spoofs(["Client-Cert", "X-SSL-Client-Cert"], no_certificate)),
)


@cases(*UNPROVED)
def test_no_token_claims_an_unproved_certificate(case, target):
    lane = target.lane("mtls", "authorization_code", auth="none")
    wrong = x5t_s256(target.session.token(lane, fresh=True).identity.certificate)
    seen = "refused"
    for change in case.data:
        token, _ = token_or_refusal(target, lane, change=change, label="hostile")
        if token is None:
            continue
        cnf = target.read(token).cnf
        if cnf.get("x5t#S256") == wrong:
            target.expect(False, "a refusal, or a token without that binding", f"a token bound to it: {cnf}")
            return
        seen = f"a token with cnf {cnf}"
        if not cnf:
            target.note("without mutual TLS an unbound token is given: lawful here, not in FAPI 2.0 (section 5.3.2.1)")
    target.expect(True, "a refusal, or a token without that binding", seen)
