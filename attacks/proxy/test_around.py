"""Around the proxy, straight to the server behind it (RFC 9440 section 4)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import no_certificate
from keybound.craft.forwarding import HEADERS, spoofs

BACKEND = Case("rs.mtls.backend.header", "a quoted certificate sent straight to the server behind the proxy",
               ("RFC9440-4-trusted-proxy",), ("rs-backend-trusts-header",), "the proxy that checks is not asked",
               delta=no_certificate, place="mtls.api.backend", mechanism="mtls", data=spoofs(HEADERS, no_certificate),
               also=("PX-02",))


@cases(BACKEND)
def test_backend_listens_to_its_proxy_only(case, target):
    target.refuses_each(case, case.data, unless=case.delta)
