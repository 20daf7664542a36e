"""What a conformant server accepts although it is not the request of every day (RFC 8705 sections 2.1, 5, 6.1)."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import token_or_refusal
from keybound.check.metadata import token_endpoint_and_alias
from keybound.craft.changes.certificate import at, over, related_certificate, showing
from keybound.craft.changes.request import unchanged
from keybound.errors import NotApplicable
from keybound.judge.answer import Outcome

RENEWED, DN, CHAIN = ("RFC8705-2.1-rotation",), ("RFC8705-2.1-dn-comparison",), ("RFC8705-2.1-chain",)


def row(name, title, requirements, fault, threat, place, change=None, known_as=()):
    return Case(f"as.mtls.{name}", title, requirements=requirements, faults=(fault,), threat=threat, change=change, place=place, lenient=True, mechanism="mtls", known_as=known_as)


ACCEPTED = (
    row("pki.renewed.same-key", "a new certificate over the same key", RENEWED, "as-mtls-certificate-pinned",
        "renewal needs a new registration", "mtls.token.dn", related_certificate("reissued")),
    row("pki.renewed.other-key", "a new certificate over a new key", RENEWED, "as-mtls-certificate-pinned",
        "renewal needs a new registration", "mtls.token.dn", related_certificate("twin")),
    row("pki.string-type", "the same subject in another string type", DN, "as-mtls-dn-bytes-compared",
        "another CA software locks the client out", "mtls.token.dn", related_certificate("printable")),
    row("pki.intermediate", "a certificate by a CA under the CA, with its chain", CHAIN, "as-mtls-certificate-pinned",
        "a proper chain is refused", "mtls.token.dn", related_certificate("intermediate")),
)


@cases(*ACCEPTED)
def test_variant_is_accepted(case, target):
    target.accepts(case)


SERVED = (
    row("optional-certificate", "a client without certificate at a shared endpoint", ("RFC8705-6.1-optional-cert",),
        "as-introspection-demands-certificate", "mutual TLS locks the other clients out", "mtls.introspection"),
    row("alias.revocation", "the alias of the revocation endpoint", ("RFC8705-5-alias-function",),
        "as-alias-revocation-missing", "clients are sent to an endpoint that is not there", "mtls.revocation.alias"),
)


@cases(*SERVED)
def test_endpoint_serves(case, target):
    place, witness = target.place(case.place), target.place("mtls.token.dn")
    target.controls.require(witness)
    target.expect_effect(place.attempt(None, "variant"), "served")


BESIDE = row("secret-with-certificate", "a client with a secret shows a certificate as well", ("RFC8705-6.1-optional-cert",),
             "as-certificate-excludes-secret", "a certificate in the connection locks the other clients out", "mtls.introspection",
             known_as=("MC-12",))


@cases(BESIDE)
def test_certificate_does_not_disturb_other_methods(case, target):
    target.accepts(case, showing(target.session.identity(target.lane("mtls").client)))


AGREES = row("plain-endpoint.bound", "a token from the endpoint that is no alias", ("RFC8705-5-alias-function",),
             "as-plain-endpoint-unbound", "where the request goes decides whether the token is bound", "mtls.token.dn",
             known_as=("MC-10",))


@cases(AGREES)
def test_both_addresses_bind(case, target):
    plain, _ = token_endpoint_and_alias(target)
    lane = target.lane("mtls", auth="tls_client_auth")
    if "x5t#S256" not in target.read(target.session.issue(lane)).cnf:
        raise NotApplicable("no binding can be read in a token from the alias")
    issued, seen = token_or_refusal(target, lane, change=at(plain), label="variant")
    if issued is None:
        target.note("the endpoint that is no alias does not serve clients with certificates, which is lawful")
        target.expect(True, "a bound token, or a refusal", seen)
    else:
        token = target.read(issued)
        target.expect("x5t#S256" in token.cnf, "cnf.x5t#S256", token.facts)


RESUMED = tuple(
    Case(f"rs.mtls.resumed-{short}.same-certificate", f"a resumed {version} session keeps its certificate",
         requirements=("RFC9440-3.3-resumption",), faults=("rs-resumption-loses-certificate",), threat="tokens fail at random, or the check is switched off",
         change=unchanged, place=f"mtls.api.resumed-{short}", mechanism="mtls", known_as=("CC-AR-07",))
    for version, short in (("TLSv1.2", "1-2"), ("TLSv1.3", "1-3"))
)


@cases(*RESUMED)
def test_resumed_session_keeps_its_identity(case, target):
    target.accepts(case)


VERSION = Case("rs.mtls.tls-1-2.accepted", "the right certificate over TLSv1.2", requirements=("FAPI2SP-5.2.1-tls",),
               faults=("rs-certificate-unseen-on-tls-1-2",), threat="a version of TLS loses the certificate", change=over("TLSv1.2"), place="mtls.api",
               lenient=True, mechanism="mtls")


@cases(VERSION)
def test_certificate_counts_in_the_older_version(case, target):
    place = target.place(case.place)
    answer = place.attempt(case.change, "variant")
    if answer.by_tls or answer.outcome is Outcome.UNREACHABLE:
        raise NotApplicable(f"the server does not speak it: {answer.seen}")
    target.accepts(case)
