"""A token whose cnf is missing, odd, or names somebody else's key or certificate (RFC 7800, RFC 9449, RFC 8705).

Each is an honest token of keybound's own issuer with one thing changed, as a JWT and as an introspection response.
"""

from keybound.cases import MINTED, MINTED_MTLS, Case, cases, spread
from keybound.craft.deltas import attackers_certificate, no_certificate, stolen_as_bearer
from keybound.craft.token_deltas import bound_to, cnf, thumbprint_of_nothing, token_claim, without_token_claim
from keybound.errors import NotApplicable

UNBOUND = ("RFC9449-7.1-unbound-token",)
NOT_AN_OBJECT = (*UNBOUND, "RFC7800-3.1-cnf-object")
GUESS = "a binding that cannot be read counts as none, and the token opens for everybody"
NOBODY = "the binding is not compared, so any key will do"


def beside_cnf(token):
    """Put the binding one level too high, as a claim of its own."""
    token.claims |= token.claims.pop("cnf")


WITHOUT = (
    Case("cnf.absent", "no cnf", UNBOUND, ("token-unbound-ok",), GUESS, data=without_token_claim("cnf"), also=("RS-05", "RS-12", "CB-11")),
    Case("cnf.empty", "cnf is {}", UNBOUND, ("token-unbound-ok",), GUESS, data=cnf(lambda _: {}), also=("RS-12",)),
    Case("cnf.null", "cnf is null", NOT_AN_OBJECT, ("token-unbound-ok",), GUESS, data=cnf(lambda _: None), also=("RS-12",)),
    Case("cnf.string", "cnf is a string", NOT_AN_OBJECT, ("token-odd-cnf-ok",), GUESS, data=cnf(lambda _: "bound"), also=("RS-12",)),
    Case("cnf.array", "cnf is an array", NOT_AN_OBJECT, ("token-odd-cnf-ok",), GUESS, data=cnf(lambda right: [right]),
         also=("RS-12",)),
    Case("cnf.wrong-level", "the binding beside cnf instead of in it", UNBOUND, ("token-unbound-ok",), GUESS, data=beside_cnf),
    Case("cnf.jwk", "cnf holds a jwk and no jkt", UNBOUND, ("token-unbound-ok",), GUESS, data=cnf(lambda _: {"jwk": {"kty": "oct"}})),
    Case("cnf.kid", "cnf holds a kid and no jkt", UNBOUND, ("token-unbound-ok",), GUESS, data=cnf(lambda _: {"kid": "1"})),
)


def bindings(name, member, rules, mechanism):
    """Return the rows of one member of cnf."""
    return tuple(
        Case(f"cnf.{name}.{slug}", f"{member} {title}", rules, (f"token-{fault.format(name)}",), threat,
             lenient=lenient, mechanism=mechanism, data=bound_to(member, change),
             also=("RS-13",) if mechanism == "dpop" else ("CB-10",))
        for slug, title, fault, threat, lenient, change in (
            ("other", "is somebody else's", "{}-not-compared", NOBODY, False, thumbprint_of_nothing),
            ("empty", "is an empty string", "odd-binding-ok", GUESS, False, lambda _: ""),
            ("null", "is null", "odd-binding-ok", GUESS, True, lambda _: None),
            ("number", "is a number", "odd-binding-ok", GUESS, False, lambda _: 1),
            ("array", "is an array that holds the right one", "odd-binding-ok", GUESS, False, lambda right: [right]),
            ("other-case", "has its letters in the other case", "binding-loosely-compared", NOBODY, True, str.swapcase),
            ("truncated", "is only the beginning of the right one", "binding-loosely-compared", NOBODY, True, lambda right: right[:20]),
            ("padded", "ends in base64 padding", "padded-binding-ok", "one binding in two spellings", True,
             lambda right: f"{right}="),
        )
    )


JKT = bindings("jkt", "jkt", ("RFC9449-4.3-key-match",), "dpop")
X5T = bindings("x5t", "x5t#S256", ("RFC8705-3-cert-match",), "mtls")


@cases(*spread((*WITHOUT, *JKT), MINTED), *spread(X5T, MINTED_MTLS))
def test_wrong_binding_is_refused(case, target):
    target.refuses(case, target.token_with(case.data))


BOTH = (
    Case("rs.token.both.one-proved", "jkt and x5t#S256, with the right proof and the attacker's certificate",
         ("RFC7800-3.1-every-binding",), ("rs-token-one-binding-checked",), "half of the proof is enough",
         attackers_certificate, "tokens.jwt", data="x5t#S256"),
    Case("rs.mtls.token.both.as-bearer", "jkt and x5t#S256 as Bearer, with the right certificate and no proof",
         ("RFC9449-7.2-bearer-downgrade",), ("rs-token-one-binding-checked",), "the weaker of two bindings is enough",
         stolen_as_bearer, "tokens.mtls.jwt", mechanism="mtls", data="jkt", also=("BD-01",)),
)


@cases(*BOTH)
def test_every_known_binding_is_checked(case, target):
    if not {"api.dpop", "api.mtls"} <= target.bench.facts.keys():
        raise NotApplicable("the resource does not take tokens of both mechanisms")
    target.refuses(case, target.token_with(bound_to(case.data, thumbprint_of_nothing), case.delta))


SAYS_BEARER = Case(
    "rs.introspection.says-bearer", "introspection calls a bound token Bearer, and it comes as Bearer without a proof",
    ("RFC9449-7.2-bearer-downgrade",), ("rs-token-introspected-type-believed",),
    "the type of the token is believed and its binding is not looked at", stolen_as_bearer, "tokens.opaque",
    data=token_claim("token_type", lambda _: "Bearer"), also=("BD-01",))


@cases(SAYS_BEARER)
def test_binding_counts_whatever_the_type_says(case, target):
    target.refuses(case, target.token_with(case.data, case.delta))


STOLEN = (
    Case("rs.mtls.introspection.stolen.no-certificate", "an opaque bound token without a certificate", ("RFC8705-3-no-cert",),
         ("rs-token-x5t-not-compared",), NOBODY, no_certificate, "tokens.mtls.opaque", mechanism="mtls", also=("BD-05",)),
    Case("rs.mtls.introspection.stolen.attacker-certificate", "an opaque bound token with the attacker's certificate",
         ("RFC8705-3-cert-match",), ("rs-token-x5t-not-compared",), NOBODY, attackers_certificate, "tokens.mtls.opaque",
         mechanism="mtls", also=("CB-08",)),
)


@cases(*STOLEN)
def test_stolen_opaque_token_is_useless(case, target):
    target.refuses(case)
