"""Around the proxy, or past it with headers that move the server to another address (RFC 9440 section 4, RFC 9700 4.13)."""

from keybound.cases import Case, cases
from keybound.craft.deltas import htu, no_certificate
from keybound.craft.forwarding import HEADERS, spoofs

BACKEND = Case("rs.mtls.backend.header", "a quoted certificate sent straight to the server behind the proxy",
               ("RFC9440-4-trusted-proxy",), ("rs-backend-trusts-header",), "the proxy that checks is not asked",
               delta=no_certificate, place="mtls.api.backend", mechanism="mtls", data=spoofs(HEADERS, no_certificate))


@cases(BACKEND)
def test_backend_listens_to_its_proxy_only(case, target):
    target.refuses_each(case, case.data, unless=case.delta)


ELSEWHERE = "elsewhere.example"


def moved(*headers):
    """The proof was made for another host, and the headers say that this is the one."""

    def delta(draft):
        htu(netloc=ELSEWHERE)(draft)
        draft.headers += headers

    return delta


MOVED = Case(
    "rs.proof.htu.forwarded-host", "a proof for another host, with forwarding headers that name it", ("RFC9700-4.13-sanitize",),
    ("rs-trusts-forwarded-host",), "a proof for one server is good at another", place="api",
    data=[
        moved(("X-Forwarded-Host", ELSEWHERE)),
        moved(("X-Forwarded-Host", ELSEWHERE), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Port", "443")),
        moved(("Forwarded", f"host={ELSEWHERE};proto=https")),
        moved(("X-Original-Host", ELSEWHERE)),
        moved(("X-Host", ELSEWHERE)),
        moved(("X-Forwarded-Server", ELSEWHERE)),
    ],
)


@cases(MOVED)
def test_forwarding_headers_do_not_move_the_server(case, target):
    target.refuses_each(case, case.data)
