"""A proof made for another origin or method, with header fields that make this server believe it is that one.

RFC 9449 section 4.3 compares with the request as it was received. Many servers learn their own name from fields that a
trusted proxy sets, and this machine may count as one, so a breach is a warning.
"""

from dataclasses import replace

from keybound.cases.declare import API, TOKEN, Case, cases, spread
from keybound.craft.changes.proof import claim, htu, of_plain_http
from keybound.craft.changes.request import absolute_form, all_of, query_parameter, with_header
from keybound.craft.changes.values import other_port, written
from keybound.judge.rules import Exact

ELSEWHERE = "attacker.example"
MOVED = htu("netloc", ELSEWHERE)
HTU, HTM = ("RFC9449-4.3-htu",), ("RFC9449-4.3-htm",)
RELAY = "a proof given to a rogue server is sent on to this one, which takes itself for the other"

OWN = "{host}"

FIELDS = (
    Case("proof.moved.host", "htu and Host of another origin", requirements=HTU, faults=("host-trusted",), threat=RELAY,
         change=all_of(MOVED, with_header("Host", ELSEWHERE)), lenient=True, known_as=("HT-12",)),
    Case("proof.moved.x-forwarded-host", "htu and X-Forwarded-Host of another origin", requirements=HTU, faults=("forwarded-trusted",), threat=RELAY,
         change=all_of(MOVED, with_header("X-Forwarded-Host", ELSEWHERE)), lenient=True, known_as=("HT-14",)),
    Case("proof.moved.x-forwarded-host-list", "htu and X-Forwarded-Host of another origin, in a list", requirements=HTU, faults=("forwarded-list-trusted",),
         threat=RELAY, change=all_of(MOVED, with_header("X-Forwarded-Host", f", {ELSEWHERE}")), lenient=True, known_as=("HT-14",)),
    Case("proof.moved.forwarded", "htu and Forwarded of another origin", requirements=HTU, faults=("forwarded-field-trusted",), threat=RELAY,
         change=all_of(MOVED, with_header("Forwarded", f"host={ELSEWHERE};proto={{scheme}}")), lenient=True, known_as=("HT-14",)),
    Case("proof.moved.x-forwarded-proto", "htu of plain HTTP, X-Forwarded-Proto http", requirements=HTU, faults=("forwarded-proto-trusted",),
         threat="a proof sent over plain HTTP is used over TLS", change=all_of(of_plain_http, with_header("X-Forwarded-Proto", "http")),
         lenient=True, known_as=("HT-14",)),
    Case("proof.moved.x-forwarded-prefix", "htu with a path prefix, and X-Forwarded-Prefix", requirements=HTU, faults=("forwarded-prefix-trusted",),
         threat=RELAY, change=all_of(htu("path", written("/prefix{}")), with_header("X-Forwarded-Prefix", "/prefix")), lenient=True),
    Case("proof.moved.x-original-url", "htu of another path, and X-Original-URL", requirements=HTU, faults=("original-url-trusted",), threat=RELAY,
         change=all_of(htu("path", "/elsewhere"), with_header("X-Original-URL", "/elsewhere")), lenient=True),
    Case("proof.moved.method-override", "htm of another method, and a method override", requirements=HTM, faults=("method-override-trusted",),
         threat="a captured proof is used for another method",
         change=all_of(claim("htm", "PATCH"), with_header("X-HTTP-Method-Override", "PATCH"))),
    *(Case(f"proof.moved.{slug}", f"htm of another method, and {what}", requirements=HTM, faults=("other-overrides-trusted",),
           threat="a captured proof is used for another method", change=all_of(claim("htm", "PATCH"), override))
      for slug, what, override in (
          ("x-http-method", "X-HTTP-Method", with_header("X-HTTP-Method", "PATCH")),
          ("x-method-override", "X-Method-Override", with_header("X-Method-Override", "PATCH")),
          ("method-parameter", "a parameter _method", query_parameter("_method", "PATCH")))),
    Case("proof.moved.x-forwarded-port", "htu of another port, and X-Forwarded-Port", requirements=HTU, faults=("forwarded-port-trusted",), threat=RELAY,
         change=all_of(htu("netloc", other_port), with_header("X-Forwarded-Port", "1")), lenient=True),
    Case("proof.moved.x-rewrite-url", "htu of another path, and X-Rewrite-URL", requirements=HTU, faults=("rewrite-url-trusted",), threat=RELAY,
         change=all_of(htu("path", "/elsewhere"), with_header("X-Rewrite-URL", "/elsewhere")), lenient=True),
    *(Case(f"proof.moved.x-forwarded-host-path-{slug}", f"htu of another endpoint, which X-Forwarded-Host names up to a {ending}", requirements=HTU,
           faults=("forwarded-trusted",), threat="a proof captured at one endpoint opens another",
           change=all_of(htu("path", "/elsewhere"), with_header("X-Forwarded-Host", f"{{host}}/elsewhere{ending}")),
           lenient=True)
      for slug, ending in (("query", "?"), ("fragment", "#"))),
    Case("proof.moved.host-userinfo", "htu of another origin, which Host names behind our own and an @", requirements=HTU, faults=("host-userinfo-cut",),
         threat=RELAY, change=all_of(MOVED, with_header("Host", f"{{host}}@{ELSEWHERE}")), lenient=True),
    Case("proof.moved.absolute-form", "htu of another origin, and the first line of the request too", requirements=HTU, faults=("absolute-form-trusted",),
         threat=RELAY, change=all_of(MOVED, absolute_form(ELSEWHERE)), lenient=True),
    # RFC 9112 section 3.2 has such a request refused with 400; who takes one of the two may take another than its proxy did.
    *(Case(f"proof.moved.two-hosts-{which}", f"htu of another origin, which the {which} of two Host fields names", requirements=HTU,
           faults=(f"{which}-host-trusted",), threat=RELAY, change=all_of(MOVED, *(with_header("Host", host) for host in hosts)),
           names_the_reason=Exact((400,), ()), lenient=True)
      for which, hosts in (("first", (ELSEWHERE, OWN)), ("last", (OWN, ELSEWHERE)))),
)


@cases(*spread(FIELDS, [replace(at, requirements=()) for at in (TOKEN, API)]))
def test_proof_for_elsewhere_is_refused(case, target):
    target.refuses(case)
