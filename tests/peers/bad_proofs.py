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
    # JSON and JOSE
    *at("as", "AS", "duplicate member", {"json-first": "of a member that comes twice the first counts"}),
    *at("as", "AS", "serialization", {"json-serialization": "a flattened JWS in JSON is taken"}),
    *at("as", "AS", "segments", {"two-segments": "without a third segment no signature is looked for"}),
    *at("rs", "RS", "segments", {"more-segments": "what follows the third segment is ignored"}),
    *at("rs", "RS", "base64url", {"base64-junk": "padding and other letters in base64url are skipped"}),
    *at("rs", "RS", "crit", {"crit-b64": "b64 in crit is let through and not understood"}),
    *at("as", "AS", "typ", {"typ-suffix": "any typ that ends in +jwt"}),
    *at("as", "AS", "typ", {"assertion-as-proof": "a client assertion is a proof too"}),
    *at("rs", "RS", "typ", {"token-as-proof": "a token of the issuer is a proof too"}),
    *at("as", "AS", "alg", {"alg-unlisted": "only ES256 is listed, and more accepted"}, algs=("ES256",)),
    *at("rs", "RS", "header", {"proof-decorated": "quotes and a scheme around the proof are cut off"}),
    *at("as", "AS", "one header", {"two-empty": "an empty DPoP header beside the proof does not count"}),
    *at("par", "AS", "one header", {"two-first": "PAR takes the first of two DPoP headers"}),
    # keys and signatures
    *at(
        "as",
        "AS",
        "jwk",
        {
            "jku-fetched": "without jwk the key comes from jku",
            "jwk-optional-members": "a jwk with kid, use, alg or key_ops is refused",
            "off-curve-500": "a point off the curve is a 500",
            "rsa-1024": "1024 bits of RSA are enough",
            "rsa-exponent-1": "an RSA exponent of 1 is fine",
        },
    ),
    *at("rs", "RS", "jwk", {"x5u-fetched": "x5u is fetched before anything is checked"}),
    *at("as", "AS", "signature", {"signature-zeros": "a signature of zeros is right (CVE-2022-21449)"}),
    *at(
        "rs",
        "RS",
        "signature",
        {
            "signature-der": "a signature in ASN.1 is taken",
            "signature-cached": "a signature that was right once is right for another payload",
        },
    ),
    # method and URI
    *at("rs", "RS", "htm", {"htm-override-query": "_method in the query counts as the method"}),
    *at(
        "as",
        "AS",
        "htu",
        {
            "htu-path-case": "upper and lower case in the path are one",
            "htu-forwarded-proto": "X-Forwarded-Proto says what the scheme is",
            "htu-forwarded-standard": "Forwarded says what the URI is",
        },
    ),
    *at("as", "AS", "htu", {"htu-slash-decoded": "%2F and / are one"}, issuer_path="/tenant/one"),
    *at(
        "rs",
        "RS",
        "htu",
        {
            "htu-slashes": "// and / are one",
            "htu-host-checked": "Host has to begin with this server's name, and then says what the URI is",
            "htu-absolute-form": "an absolute URI in the request line says what the URI is",
            "htu-original-url": "X-Original-URL says what the path is",
            "htu-forwarded-prefix": "X-Forwarded-Prefix is put before the path",
        },
    ),
    # time
    *at(
        "as",
        "AS",
        "iat",
        {
            "iat-untyped": "an iat that is no number is not compared",
            "iat-infinite-500": "an iat of 1e400 is a 500",
        },
    ),
    *at(
        "rs",
        "RS",
        "iat",
        {"iat-nan": "NaN is read, and never too old", "iat-text": "digits in a string count"},
    ),
    # the token's hash
    *at("rs", "RS", "ath", {"ath-hex": "ath in hex is fine", "ath-beginning": "ath may be cut short"}),
    # single methods and paths
    *at("rs", "RS", "method", {"head-weaker": "the key is compared, but not for HEAD"}),
    *at("userinfo", "RS", "method", {"post-weaker": "userinfo does not compare the key for POST"}),
    # replay
    *at(
        "rs",
        "RS",
        "replay",
        {
            "replay-bytes": "the proof's bytes are remembered instead of its jti",
            "replay-signature": "jti and signature are remembered together",
            "replay-race": "between looking and remembering others get in",
        },
    ),
    *at(
        "as",
        "AS",
        "replay, late",
        {"replay-forgets": "a jti is forgotten before a proof dated ahead has ended"},
        past=5,
        future=5,
    ),
    # nonces
    *at("as", "AS", "nonce", {"nonce-beginning": "only the first 16 letters of a nonce count"}, **NONCES),
    *plain(
        "both",
        "nonce",
        {
            "nonce-counter": "nonces are counted up",
            "nonce-cacheable": "answers with a nonce may be cached",
            "nonce-success-useless": "nonces given with a success are refused",
        },
        **NONCES,
    ),
    *plain(
        "both",
        "nonce",
        {"nonce-hidden": "scripts may call, and not read DPoP-Nonce"},
        cors="hidden",
        **NONCES,
    ),
    *at("as", "AS", "nonce", {"jti-burned": "a proof without a nonce uses up its jti"}, nonce="errors"),
    *plain("AS", "nonce", {"nonce-burns-code": "asking for a nonce uses up the code"}, nonce="errors"),
]
