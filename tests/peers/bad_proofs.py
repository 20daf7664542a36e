"""Defects in how a proof is checked."""

from peers.defect import at, plain

NONCES = {"nonce": "always"}

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
]
