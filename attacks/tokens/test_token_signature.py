"""A JWT access token that the issuer did not sign, or not as what it is presented (RFC 9068 section 4, RFC 8725)."""

from keybound.cases.declare import MINTED_JWTS, Case, cases, spread
from keybound.craft.changes.access_token import (
    empty_token_signature,
    flipped_token_signature,
    hs256_with_public_key,
    signed_by_stranger,
    strangers_jku,
    strangers_jwk,
    strangers_kid,
    strangers_x5c,
    token_header,
    unsigned_token,
    without_token_header,
)
from keybound.craft.changes.request import all_of

FORGERY = "anybody mints tokens for this resource"
CONFUSION = "another JWT of the issuer, made for another purpose, opens the resource"
CRITICAL = "https://keybound.example/crit"
SIGNATURE, KEYS = ("RFC9068-4-signature",), ("RFC9068-4-issuer-keys",)


def row(slug, title, rules, fault, threat, change, *, says="", lenient=False):
    return Case(slug, title, requirements=rules, faults=(f"token-{fault}",), threat=threat, says=says, lenient=lenient, minted=change)


SIGNED = (
    row("alg.none", "an unsigned token, alg none", ("RFC9068-4-alg-none",), "alg-none-ok", FORGERY, unsigned_token),
    row("alg.none-spelled", "an unsigned token, alg nOnE", ("RFC9068-4-alg-none",), "alg-none-ok", FORGERY,
        all_of(unsigned_token, token_header("alg", "nOnE"))),
    row("alg.hs256", "HS256 with the issuer's public key for the secret", SIGNATURE, "hmac-ok", FORGERY, hs256_with_public_key),
    row("signature.flipped", "first bit of the signature flipped", (*SIGNATURE, "FAPI2SP-5.3.4-token-validity"), "signature-not-verified", FORGERY,
        flipped_token_signature),
    row("signature.empty", "empty signature", SIGNATURE, "empty-signature-ok", FORGERY, empty_token_signature),
    row("signature.other-key", "signed by a stranger under the issuer's kid", SIGNATURE, "signature-not-verified", FORGERY,
        signed_by_stranger),
    row("kid.unknown", "signed by a stranger who names an own kid", SIGNATURE, "unknown-kid-ok", FORGERY, strangers_kid),
    row("x5c.strangers", "signed by a stranger whose certificate is in the header", KEYS, "header-x5c-ok", FORGERY, strangers_x5c),
    row("crit.unknown", "crit names a header member that nobody knows", ("RFC7515-4.1.11-crit",), "crit-ignored",
        "what must be understood is skipped", all_of(token_header("crit", [CRITICAL]), token_header(CRITICAL, True)), lenient=True),
    row("jwk.strangers", "signed by a stranger whose key is in the header", KEYS, "header-jwk-ok", FORGERY, strangers_jwk),
)
TYPES = (
    row("typ.jwt", "typ is JWT", ("RFC9068-4-typ",), "typ-not-compared", CONFUSION, token_header("typ", "JWT"),
        lenient=True),
    row("typ.missing", "no typ", ("RFC9068-4-typ",), "typ-not-compared", CONFUSION, without_token_header("typ"),
        lenient=True),
    row("typ.logout", "typ is logout+jwt", ("RFC9068-4-typ",), "typ-not-compared", CONFUSION,
        token_header("typ", "logout+jwt"), lenient=True),
    row("typ.introspection", "typ is token-introspection+jwt", ("RFC9701-8.1-typ",), "typ-not-compared", CONFUSION,
        token_header("typ", "token-introspection+jwt"), lenient=True),
)


@cases(*spread(SIGNED + TYPES, MINTED_JWTS))
def test_forged_token_is_refused(case, target):
    target.refuses(case)


OTHER_KID = row("kid.other-key", "signed by the issuer, with the kid of its other key", KEYS, "kid-ignored",
                "the name of a key means nothing", None, says="kid: that of the issuer's other key", lenient=True)
JKU = row("jku.strangers", "signed by a stranger whose jku says where the key is", KEYS, "jku-ok", FORGERY, None, says="strangers_jku: a URL where keybound has the stranger's key")


@cases(*spread([OTHER_KID], MINTED_JWTS))
def test_kid_names_the_key(case, target):
    target.refuses(case, target.token_with(token_header("kid", target.issuer_keys().second.thumbprint)))


@cases(*spread([JKU], MINTED_JWTS))
def test_key_is_not_fetched_from_the_token(case, target):
    target.refuses(case, target.token_with(strangers_jku(target.issuer_keys().settings.address)))
