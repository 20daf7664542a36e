"""No token is bound to a certificate whose key nobody proved (RFC 8705 sections 3 and 3.4)."""

from keybound.cases import Case, cases
from keybound.craft.certificates import x5t_s256
from keybound.craft.deltas import no_certificate
from keybound.craft.forwarding import spoofs
from keybound.errors import Inconclusive

UNPROVED = (
    Case("as.mtls.unproved.no-certificate", "a bound client asks for a token without its certificate", ("RFC8705-3.4-no-mtls",),
         ("as-mtls-binds-registered",), "resource servers are told of a proof that never was", mechanism="mtls",
         data=[no_certificate], also=("CB-02",)),
    Case("as.mtls.unproved.header", "a public client quotes a certificate in a header", ("RFC8705-3-proved-certificate",),
         ("as-trusts-certificate-header",), "whoever knows a certificate gets tokens bound to it", mechanism="mtls",
         data=spoofs(["Client-Cert", "X-SSL-Client-Cert"], no_certificate)),
)


@cases(*UNPROVED)
def test_no_token_claims_an_unproved_certificate(case, target):
    lane = target.lane("mtls", "authorization_code", auth="none")
    wrong = x5t_s256(target.session.token(lane, fresh=True).identity.certificate)
    seen = "refused"
    for delta in case.data:
        try:
            token = target.session.issue(lane, delta=delta, label="hostile")
        except Inconclusive:
            continue
        cnf = target.read(token).cnf
        if cnf.get("x5t#S256") == wrong:
            target.expect(False, "a refusal, or a token without that binding", f"a token bound to it: {cnf}")
            return
        seen = f"a token with cnf {cnf}"
        if not cnf:
            target.note("without mutual TLS an unbound token is given: lawful here, not in FAPI 2.0 (section 5.3.2.1)")
    target.expect(True, "a refusal, or a token without that binding", seen)
