"""Two tables: lawful servers, of which keybound may not complain, and defects, of which it must.

A variant is a name, a line and its rules. A defect is a name, a line, the roles in which it shows, a hint of
what should be red, and its rules; `bug` is the defect's name without the place.
"""

from dataclasses import dataclass, replace

from peers.rules import AS, RS, Rules

VARIANTS = {
    "plain": ("the defaults", {}),
    # time
    "window-5": ("iat may be 5 s off", {"past": 5, "future": 5}),
    "window-600": ("iat may be 600 s off", {"past": 600, "future": 600}),
    "no-future": ("an iat 1 s ahead is refused", {"future": 0}),
    "clock-fast": ("the clock is 20 s ahead, the window 10 s", {"clock": 20, "past": 10, "future": 10}),
    "clock-slow": ("the clock is 20 s behind, the window 10 s", {"clock": -20, "past": 10, "future": 10}),
    "exp-checked": ("exp and nbf in a proof count", {"exp_checked": True}),
    # replay
    "no-replay-store": ("a proof works as long as it is fresh", {"replay": "none"}),
    "replay-by-jti": ("a jti works once, whoever signs", {"replay": "jti"}),
    "replay-by-jti-and-htu": ("a jti works once for each URI", {"replay": "htu"}),
    # comparisons
    "htu-exact": ("htu is compared as a string", {"htu": "exact"}),
    "htu-lenient": ("user info and a last slash in htu do not matter", {"htu": "lenient"}),
    "htm-any-case": ("htm is compared without case", {"htm_case": False}),
    "typ-media-type": ("typ is compared as a media type", {"typ_media": True}),
    "empty-header-absent": ("an empty DPoP header is no header", {"empty_absent": True}),
    # algorithms
    "rs256-only": ("RS256 only", {"algs": ("RS256",)}),
    "ps256-only": ("PS256 only", {"algs": ("PS256",)}),
    "eddsa-only": ("EdDSA only", {"algs": ("EdDSA",)}),
    # errors
    "rs-400": ("the RS answers 400 to a bad proof", {"rs_status": 400}),
    "rs-invalid-token": ("the RS says invalid_token for a bad proof", {"rs_error": "invalid_token"}),
    "as-invalid-request": ("the AS says invalid_request for a bad proof", {"as_error": "invalid_request"}),
    "as-invalid-grant": ("the AS says invalid_grant for a bad proof", {"as_error": "invalid_grant"}),
    "as-401": ("the AS answers 401 to a bad proof", {"as_status": 401}),
    "refresh-403": ("refreshing with another key is a 403", {"refresh_status": 403}),
    "challenge-one-line": ("both challenges in one header field", {"challenge": "one-line"}),
    "challenge-bare": ("the challenge has only an error", {"challenge": "bare"}),
    # nonces
    "nonce-always": ("nonces needed, a new one on every answer", {"nonce": "always"}),
    "nonce-errors": (
        "nonces needed, given only with errors, good for 20 s",
        {"nonce": "errors", "nonce_seconds": 20},
    ),
    "nonce-single": ("a nonce works once, a new one on every answer", {"nonce": "single"}),
    "nonce-first": ("the nonce is looked at before anything else", {"nonce": "errors", "nonce_first": True}),
    "nonce-iat-ignored": (
        "the nonce is the clock, iat only has to be there",
        {"nonce": "always", "iat_with_nonce": False},
    ),
    "nonce-shared": ("AS and RS share their nonces", {"nonce": "always", "shared_nonces": True}),
    "extra-nonce-refused": (
        "the AS refuses a nonce it did not ask for",
        {"refuse_extra": frozenset({"nonce"})},
    ),
    "extra-ath-refused": ("the AS refuses ath", {"refuse_extra": frozenset({"ath"})}),
    # tokens
    "opaque": ("access tokens are random strings", {"token": "opaque"}),
    "token-type-lower": ("token_type is dpop", {"token_type": "dpop"}),
    "refresh-bound": ("refresh tokens of confidential clients are bound", {"refresh_bound": True}),
    "rotation": ("refresh tokens work once", {"rotate": True}),
    "family-revoked": ("misuse ends all refresh tokens of a consent", {"rotate": True, "family": True}),
    "code-burned": ("a bad proof uses up the code", {"burn_code": True}),
    # endpoints
    "userinfo-plain": ("userinfo knows no DPoP", {"userinfo_dpop": False}),
    "no-introspection": ("no introspection", {"introspection": False}),
    "no-par": ("no PAR", {"par": False}),
    "issuer-path": ("the issuer has a path", {"issuer_path": "/tenant/one"}),
    "token-deep": ("the token endpoint lies deep", {"token_path": "/v1/oauth2/eu/token/issue"}),
    "metadata-oauth": ("only RFC 8414 metadata, below a path", {"metadata": "oauth", "issuer_path": "/a"}),
    "metadata-openid": ("only OpenID metadata, below a path", {"metadata": "openid", "issuer_path": "/a"}),
    "resource-query": ("the resource has a query it needs", {"resource_query": "view=full&x=1"}),
    "extra-members": ("unknown members in all JSON", {"extra": True}),
    # wire
    "slow": ("150 ms an answer", {"delay": 0.15}),
    "rate-limited": ("now and then 429 for a second", {"rate": 60}),
    "close": ("every answer closes the connection", {"close": True}),
    "chunked": ("answers come in chunks", {"chunked": True}),
    "lower-case": ("header names in lower case", {"lower": True}),
    "http-1.0": ("HTTP/1.0 answers, the end of the connection ends the body", {"http10": True}),
    # mutual TLS
    "tls-alert": ("strangers' certificates end in an alert", {"tls": "known"}),
    "tls-1.2-alert": ("the same with TLS 1.2", {"tls": "known", "tls12": True}),
    "mtls-aliases": ("mutual TLS has its own port", {"layout": "aliases"}),
    "mtls-walled": ("the RS wants a certificate from everybody", {"layout": "walled"}),
    "mtls-walled-dpop": ("the same, DPoP clients have one too", {"layout": "walled", "walled_dpop": True}),
    # several at once
    "opaque-nonce-rotation": (
        "opaque tokens, single nonces, rotation, narrow window",
        {"token": "opaque", "nonce": "single", "rotate": True, "past": 10, "future": 2},
    ),
    "grumpy": (
        "everything strict: exact htu, 400s, bare challenges, no future, EdDSA",
        {
            "htu": "exact",
            "rs_status": 400,
            "challenge": "bare",
            "future": 0,
            "algs": ("EdDSA",),
            "as_error": "invalid_request",
        },
    ),
}


@dataclass(frozen=True)
class Defect:
    """One seeded bug."""

    name: str
    line: str
    roles: str  # AS | RS | both
    hint: str
    rules: dict


def at(place, roles, hint, bugs, **more):
    """Defects of proof checking at some places; `bugs` maps a bug to its line."""
    where = {
        "as": AS,
        "rs": RS,
        "token": {"token"},
        "par": {"par"},
        "userinfo": {"userinfo"},
        "both": AS | RS,
    }
    return [
        Defect(f"{place}-{bug}", line, roles, hint, {"bug": bug, "places": frozenset(where[place]), **more})
        for bug, line in bugs.items()
    ]


def plain(roles, hint, bugs, **more):
    return [Defect(bug, line, roles, hint, {"bug": bug, **more}) for bug, line in bugs.items()]


NONCES = {"nonce": "always"}
ROTATION = {"rotate": True}

LIST = [
    # the proof: header
    *at("as", "AS", "typ", {"typ": "typ is not looked at"}),
    *at(
        "rs", "RS", "typ", {"typ-missing": "a missing typ is fine", "typ-any-jwt": "any typ that ends in jwt"}
    ),
    *at("as", "AS", "alg none", {"alg-none-case": "`none` is refused, `None` is not"}),
    *at("rs", "RS", "alg none", {"alg-none": "alg none is accepted"}),
    *at("as", "AS", "HS256", {"hs256-oct": "HS256 with the secret in jwk"}),
    *at("rs", "RS", "HS256", {"hs256-public": "HS256 with the PEM of the embedded public key as secret"}),
    *at("both", "both", "crit", {"crit": "unknown crit members are ignored"}),
    *at("as", "AS", "signature", {"signature-rsa": "RSA signatures are not verified"}),
    *at(
        "rs",
        "RS",
        "signature",
        {"signature": "no signature is verified", "signature-empty": "an empty signature is skipped"},
    ),
    *at("as", "AS", "private", {"private-d": "a private jwk is accepted"}),
    *at("rs", "RS", "private", {"private-primes": "only `d` counts as private, the primes do not"}),
    *at(
        "as",
        "AS",
        "jwk",
        {"jwk-string": "jwk may be a string of JSON", "jwk-cached": "without jwk an earlier key is tried"},
    ),
    *at("rs", "RS", "jwk", {"jwk-x5c": "without jwk the key comes from x5c"}),
    *at("as", "AS", "alg", {"listed-alg": "PS256 is in the metadata and refused"}),
    *at("as", "AS", "one header", {"two-first": "of two DPoP headers the first counts"}),
    *at("rs", "RS", "one header", {"two-last": "of two DPoP headers the last counts"}),
    *at("both", "both", "one header", {"comma-first": "of a list in one header the first counts"}),
    # the proof: method and URI
    *at("as", "AS", "htm", {"htm": "htm is not looked at"}),
    *at(
        "rs",
        "RS",
        "htm",
        {
            "htm-missing": "a missing htm is fine",
            "htm-shorter": "the method may only start with htm",
            "htm-longer": "htm may only start with the method",
            "htm-head": "HEAD with htm GET",
            "htm-override": "X-HTTP-Method-Override counts as the method",
        },
    ),
    *at(
        "as",
        "AS",
        "htu",
        {
            "htu-path-only": "only the path of htu counts",
            "htu-port": "the port of htu does not count",
            "htu-scheme": "the scheme of htu does not count",
            "htu-longer": "htu may only start with the URI",
            "htu-own-endpoint": "htu may be any URI of this server",
            "htu-array": "htu may be a list with the URI in it",
        },
    ),
    *at(
        "rs",
        "RS",
        "htu",
        {
            "htu": "htu is not looked at",
            "htu-missing": "a missing htu is fine",
            "htu-host-only": "only the host of htu counts",
            "htu-shorter": "the URI may only start with htu",
            "htu-contains": "htu has to contain the URI",
            "htu-host-header": "the Host header says what the URI is",
            "htu-forwarded": "X-Forwarded-Host says what the URI is",
            "htu-request-query": "a query of the request has to be in htu",
        },
    ),
    *at("par", "AS", "htu", {"htu": "PAR does not look at htu"}),
    # the proof: time and jti
    *at(
        "as",
        "AS",
        "iat",
        {
            "iat-past": "an old iat is fine",
            "iat-missing": "a missing iat is fine",
            "iat-milliseconds": "an iat in milliseconds counts too",
        },
    ),
    *at(
        "rs",
        "RS",
        "iat",
        {
            "iat-future": "a far iat is fine",
            "iat-window-1000": "the window is in milliseconds where iat is in seconds",
        },
    ),
    *at("as", "AS", "jti", {"jti-missing": "a missing jti is fine"}),
    *at("both", "both", "extra claims", {"unknown-claims": "a proof with other claims is refused"}),
    # the proof and the token
    *at(
        "rs",
        "RS",
        "ath",
        {
            "ath": "ath is not looked at",
            "ath-missing": "a missing ath is fine",
            "ath-earlier": "ath of an earlier token of the same key is fine",
        },
    ),
    *at(
        "rs",
        "RS",
        "jkt",
        {
            "jkt": "the key is not compared with the token's",
            "jkt-needs-kid": "it is, but only if there is a kid",
            "jkt-kid": "jwk.kid is taken for the thumbprint",
            "post-weaker": "it is, but not for POST",
            "no-proof": "the DPoP scheme works without a proof",
            "bearer": "a bound token works as Bearer",
            "bearer-with-proof": "a bound token works as Bearer with a proof",
        },
    ),
    *at(
        "userinfo",
        "RS",
        "userinfo",
        {
            "jkt": "userinfo does not compare the key",
            "bearer": "userinfo takes bound tokens as Bearer",
        },
    ),
    *plain(
        "RS",
        "downgrade",
        {"query-token": "a bound token in the query works", "form-token": "a bound token in a form works"},
    ),
    *plain(
        "RS",
        "effect",
        {"effect-first": "the note is written before the check", "body-leaks": "the 401 has the body"},
    ),
    # robustness
    *at("as", "AS", "robustness", {"malformed-500": "a malformed proof is a 500"}),
    *at(
        "rs",
        "RS",
        "robustness",
        {
            "malformed-reset": "a malformed proof ends the connection",
            "jwk-type-500": "a jwk that is no object is a 500",
        },
    ),
    # what the AS issues
    *at(
        "token",
        "AS",
        "fallback",
        {
            "bad-proof-bearer": "a bad proof gets a Bearer token",
            "malformed-bearer": "so does a malformed one",
        },
    ),
    *plain(
        "AS",
        "cnf",
        {
            "no-cnf": "token_type is DPoP and nothing is bound",
            "cnf-wrong-key": "after a refresh cnf.jkt is of the server's key",
            "cnf-stale": "cnf.jkt is of the client's first key",
            "jkt-sha1": "jkt is SHA-1",
            "jkt-hex": "jkt is hex",
            "jkt-all-members": "jkt is of all members of the jwk",
            "token-type": "a bound token is called Bearer",
            "bound-flag": "dpop_bound_access_tokens is ignored",
        },
    ),
    *plain("AS", "metadata", {"metadata-algs": "the metadata offers none and HS256"}),
    *plain("AS", "introspection", {"introspection-no-cnf": "introspection has no cnf"}, token="opaque"),
    *plain("AS", "introspection", {"introspection-nested": "introspection has cnf in the wrong place"}),
    # refresh
    *plain(
        "AS",
        "refresh",
        {
            "refresh-other-key": "a public client refreshes with another key",
            "refresh-no-proof": "a public client refreshes without a proof",
        },
    ),
    *plain("AS", "refresh", {"rotation-unbinds": "the second refresh token is not bound"}, **ROTATION),
    # code
    *plain(
        "AS",
        "dpop_jkt",
        {
            "code-jkt": "dpop_jkt is ignored",
            "code-jkt-par-only": "dpop_jkt counts only with PAR",
            "code-jkt-no-proof": "a code with dpop_jkt works without a proof",
            "par-forgets": "the key of the proof at PAR is forgotten",
            "par-unchecked": "the proof at PAR is not verified",
            "par-mismatch": "PAR takes a dpop_jkt of another key",
        },
    ),
    # nonce
    *at("as", "AS", "nonce", {"nonce-any": "any nonce will do"}, **NONCES),
    *at(
        "rs",
        "RS",
        "nonce",
        {"nonce-any": "any nonce will do", "nonce-optional": "none is needed after all"},
        **NONCES,
    ),
    *plain("both", "nonce", {"nonce-twice": "answers have two nonces"}, **NONCES),
    *plain(
        "both",
        "nonce",
        {"nonce-no-header": "a wrong nonce gets use_dpop_nonce without a new one"},
        nonce="errors",
    ),
    # mutual TLS
    *plain(
        "RS",
        "certificate",
        {
            "certificate-missing": "a bound token works without a certificate",
            "certificate-any": "it works with any certificate",
            "certificate-header": "the certificate is read from a header",
        },
    ),
    *plain(
        "AS",
        "x5t#S256",
        {
            "x5t-of-key": "the thumbprint is of the key",
            "x5t-hex": "the thumbprint is hex",
            "x5t-padded": "the thumbprint has padding",
            "x5t-sha1": "the thumbprint is SHA-1",
        },
    ),
    *plain(
        "AS",
        "mtls refresh",
        {
            "refresh-drops-binding": "a refreshed token is not bound",
            "refresh-other-certificate": "a public client refreshes with another certificate",
        },
    ),
    *plain(
        "AS",
        "mtls client authentication",
        {
            "mtls-untrusted-ca": "the subject is right, the CA is not looked at",
            "mtls-any-subject": "any certificate of the CA authenticates any client",
            "mtls-any-registered": "any registered certificate authenticates any client",
            "mtls-client-no-certificate": "the client_id alone authenticates",
            "mtls-self-signed-subject": "a self-signed certificate counts by its subject",
        },
    ),
]

DEFECTS = {defect.name: defect for defect in LIST}


def rules_for(variant, defect=None):
    """The rules of a variant, or of a defect (on top of the variant)."""
    rules = replace(Rules(), **VARIANTS[variant][1])
    return replace(rules, **DEFECTS[defect].rules) if defect else rules


assert len(DEFECTS | VARIANTS) == len(LIST) + len(VARIANTS), "two peers have one name"
