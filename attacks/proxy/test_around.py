"""Around the proxy, straight to the server behind it (RFC 9440 section 4)."""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.certificate import no_certificate
from keybound.craft.changes.forwarded_header import HEADERS, spoofs

BACKEND = Case("rs.mtls.backend.header", "a quoted certificate sent straight to the server behind the proxy",
               requirements=("RFC9440-4-trusted-proxy",), faults=("rs-backend-trusts-header",), threat="the proxy that checks is not asked",
               change=no_certificate, place="mtls.api.backend", mechanism="mtls", data=spoofs(HEADERS, no_certificate),
               known_as=("PX-02",))


@cases(BACKEND)
def test_backend_listens_to_its_proxy_only(case, target):
    target.refuses_each(case, case.data, unless=case.change)
