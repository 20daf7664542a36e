"""A token whose cnf is missing, odd, or names somebody else's key or certificate (RFC 7800, RFC 9449, RFC 8705).

Each is an honest token of keybound's own issuer with one thing changed, as a JWT and as an introspection response.
"""

from keybound.cases.declare import MINTED, MINTED_MTLS, Case, cases, spread
from keybound.craft.changes.access_token import beside_cnf, bound_to, cnf, token_claim, without_token_claim
from keybound.craft.changes.certificate import attackers_certificate, no_certificate
from keybound.craft.changes.request import stolen_as_bearer
from keybound.craft.changes.values import beginning, in_list, other_case, thumbprint_of_nothing, written
from keybound.errors import NotApplicable

UNBOUND = ("RFC9449-7.1-unbound-token",)
NOT_AN_OBJECT = (*UNBOUND, "RFC7800-3.1-cnf-object")
GUESS = "a binding that cannot be read counts as none, and the token opens for everybody"
NOBODY = "the binding is not compared, so any key will do"


WITHOUT = (
    Case("cnf.absent", "no cnf", requirements=UNBOUND, faults=("token-unbound-ok",), threat=GUESS, minted=without_token_claim("cnf"), known_as=("RS-05", "RS-12", "CB-11")),
    Case("cnf.empty", "cnf is {}", requirements=UNBOUND, faults=("token-unbound-ok",), threat=GUESS, minted=cnf({}), known_as=("RS-12",)),
    Case("cnf.null", "cnf is null", requirements=NOT_AN_OBJECT, faults=("token-unbound-ok",), threat=GUESS, minted=cnf(None), known_as=("RS-12",)),
    Case("cnf.string", "cnf is a string", requirements=NOT_AN_OBJECT, faults=("token-odd-cnf-ok",), threat=GUESS, minted=cnf("bound"), known_as=("RS-12",)),
    Case("cnf.array", "cnf is an array", requirements=NOT_AN_OBJECT, faults=("token-odd-cnf-ok",), threat=GUESS, minted=cnf(in_list),
         known_as=("RS-12",)),
    Case("cnf.wrong-level", "the binding beside cnf instead of in it", requirements=UNBOUND, faults=("token-unbound-ok",), threat=GUESS, minted=beside_cnf),
    Case("cnf.jwk", "cnf holds a jwk and no jkt", requirements=UNBOUND, faults=("token-unbound-ok",), threat=GUESS, minted=cnf({"jwk": {"kty": "oct"}})),
    Case("cnf.kid", "cnf holds a kid and no jkt", requirements=UNBOUND, faults=("token-unbound-ok",), threat=GUESS, minted=cnf({"kid": "1"})),
)


def rows(name, member, rules, label):
    """Return the rows of one member of cnf; others know them by `label`."""
    return tuple(
        Case(f"cnf.{name}.{slug}", f"{member} {title}", requirements=rules, faults=(f"token-{fault.format(name)}",), threat=threat,
             lenient=lenient, minted=bound_to(member, change), known_as=(label,))
        for slug, title, fault, threat, lenient, change in (
            ("other", "is somebody else's", "{}-not-compared", NOBODY, False, thumbprint_of_nothing),
            ("empty", "is an empty string", "odd-binding-ok", GUESS, False, ""),
            ("null", "is null", "odd-binding-ok", GUESS, True, None),
            ("number", "is a number", "odd-binding-ok", GUESS, False, 1),
            ("array", "is an array that holds the right one", "odd-binding-ok", GUESS, False, in_list),
            ("other-case", "has its letters in the other case", "binding-loosely-compared", NOBODY, True, other_case),
            ("truncated", "is only the beginning of the right one", "binding-loosely-compared", NOBODY, True, beginning(20)),
            ("padded", "ends in base64 padding", "padded-binding-ok", "one binding in two spellings", True,
             written("{}=")),
        )
    )


JKT = rows("jkt", "jkt", ("RFC9449-4.3-key-match",), "RS-13")
X5T = rows("x5t", "x5t#S256", ("RFC8705-3-cert-match",), "CB-10")


@cases(*spread((*WITHOUT, *JKT), MINTED), *spread(X5T, MINTED_MTLS))
def test_wrong_binding_is_refused(case, target):
    target.refuses(case)


BOTH = (
    Case("rs.token.both.one-proved", "jkt and x5t#S256, with the right proof and the attacker's certificate",
         requirements=("RFC7800-3.1-every-binding",), faults=("rs-token-one-binding-checked",), threat="half of the proof is enough",
         change=attackers_certificate, place="tokens.jwt", minted=bound_to("x5t#S256", thumbprint_of_nothing)),
    Case("rs.mtls.token.both.as-bearer", "jkt and x5t#S256 as Bearer, with the right certificate and no proof",
         requirements=("RFC9449-7.2-bearer-downgrade",), faults=("rs-token-one-binding-checked",), threat="the weaker of two bindings is enough",
         change=stolen_as_bearer, place="tokens.mtls.jwt", mechanism="mtls", minted=bound_to("jkt", thumbprint_of_nothing), known_as=("BD-01",)),
)


@cases(*BOTH)
def test_every_known_binding_is_checked(case, target):
    if not {"api.dpop", "api.mtls"} <= target.controls.facts.keys():
        raise NotApplicable("the resource does not take tokens of both mechanisms")
    target.refuses(case)


SAYS_BEARER = Case(
    "rs.introspection.says-bearer", "introspection calls a bound token Bearer, and it comes as Bearer without a proof",
    requirements=("RFC9449-7.2-bearer-downgrade",), faults=("rs-token-introspected-type-believed",),
    threat="the type of the token is believed and its binding is not looked at", change=stolen_as_bearer, place="tokens.opaque",
    minted=token_claim("token_type", "Bearer"), known_as=("BD-01",))


@cases(SAYS_BEARER)
def test_binding_counts_whatever_the_type_says(case, target):
    target.refuses(case)


STOLEN = (
    Case("rs.mtls.introspection.stolen.no-certificate", "an opaque bound token without a certificate", requirements=("RFC8705-3-no-cert",),
         faults=("rs-token-x5t-not-compared",), threat=NOBODY, change=no_certificate, place="tokens.mtls.opaque", mechanism="mtls", known_as=("BD-05",)),
    Case("rs.mtls.introspection.stolen.attacker-certificate", "an opaque bound token with the attacker's certificate",
         requirements=("RFC8705-3-cert-match",), faults=("rs-token-x5t-not-compared",), threat=NOBODY, change=attackers_certificate, place="tokens.mtls.opaque",
         mechanism="mtls", known_as=("CB-08",)),
)


@cases(*STOLEN)
def test_stolen_opaque_token_is_useless(case, target):
    target.refuses(case)
