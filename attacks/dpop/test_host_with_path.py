"""A Host field that carries a path: glued before the request's own, it makes one endpoint look like another.

The proof is made for another endpoint of this very server; RFC 9449 section 4.3 compares it with the request received.
"""

from keybound.cases.declare import Case, cases
from keybound.craft.changes.proof import htu
from keybound.craft.changes.request import all_of, with_header

ELSEWHERE = "/keybound/elsewhere"


HOSTS = tuple(
    Case(f"rs.host.{slug}", f"htu of another endpoint, which Host names up to a {ending}", requirements=("RFC9449-4.3-htu",),
         faults=("rs-host-with-path-trusted",), threat="a proof captured at one endpoint opens another", change=all_of(htu("path", ELSEWHERE), with_header("Host", f"{{host}}{ELSEWHERE}{ending}")), place="api", known_as=("RS-30",))
    for slug, ending in (("query", "?"), ("fragment", "#"))
)


@cases(*HOSTS)
def test_host_does_not_name_the_endpoint(case, target):
    target.refuses(case)
