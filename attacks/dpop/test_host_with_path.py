"""A Host field that carries a path: glued before the request's own, it makes one endpoint look like another.

The proof is made for another endpoint of this very server; RFC 9449 section 4.3 compares it with the request received.
"""

from urllib.parse import urlsplit

from keybound.cases import Case, cases
from keybound.craft.deltas import htu

ELSEWHERE = "/keybound/elsewhere"


def host_with(ending):
    """Say in Host that the path is another, which `ending` cuts off from the real one."""

    def delta(draft):
        htu(path=ELSEWHERE)(draft)
        draft.headers.append(("Host", f"{urlsplit(draft.url).netloc}{ELSEWHERE}{ending}"))

    return delta


HOSTS = tuple(
    Case(f"rs.host.{slug}", f"htu of another endpoint, which Host names up to a {ending}", ("RFC9449-4.3-htu",),
         ("rs-host-with-path-trusted",), "a proof captured at one endpoint opens another", host_with(ending), "api", also=("RS-30",))
    for slug, ending in (("query", "?"), ("fragment", "#"))
)


@cases(*HOSTS)
def test_host_does_not_name_the_endpoint(case, target):
    target.refuses(case)
