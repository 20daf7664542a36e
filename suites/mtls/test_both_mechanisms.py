"""A token request with a certificate and a proof: which of the two binds is not said, but one of them does."""

from keybound.cases.declare import Case, cases
from keybound.check.issuing import token_or_refusal
from keybound.craft.changes.certificate import with_proof

BOTH = Case("as.both.issue", "a certificate and a proof in one token request", requirements=("FAPI2SP-5.3.2.1-constraint-method",),
            faults=("as-both-unbound",), threat="the two get in each other's way, and the token is bound to nothing", mechanism="mtls",
            known_as=("BM-01", "CNF-AS-01"))


@cases(BOTH)
def test_a_token_for_two_proofs_is_bound(case, target):
    lane = target.lane("mtls", "client_credentials")
    target.session.issue(lane)
    proof = with_proof(target.session.key(), target.session.now())
    issued, seen = token_or_refusal(target, lane, change=proof, label="variant")
    if issued is None:
        target.note("a certificate and a proof together are refused, which is lawful")
        target.expect(True, "a bound token, or a refusal", seen)
        return
    token = target.read(issued)
    target.note(f"a certificate and a proof together give {token.facts}")
    target.expect(bool({"jkt", "x5t#S256"} & token.cnf.keys()) or token.source is None, "cnf.jkt or cnf.x5t#S256", token.facts)


AUTHENTICATED = Case("as.both.dpop-token", "a client that authenticates by certificate gets a token bound to its proof's key",
                     requirements=("RFC9449-5-token-bound",), faults=("as-mtls-client-proof-ignored",), threat="the certificate drives the proof out",
                     known_as=("BM-01", "BM-03"))


@cases(AUTHENTICATED)
def test_proof_counts_beside_the_certificate(case, target):
    token = target.token("dpop", auth="tls_client_auth", readable=True)
    target.expect("jkt" in token.cnf, f"cnf.jkt {token.key.thumbprint}", token.facts)
