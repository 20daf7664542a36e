"""Faults of reading a proof: (name, what is wrong, the requirements it turns red).

Each exists twice, at the authorization server (as-) and the resource server (rs-).
"""

from .faults_time import REPLAYED

_REPLAY = "RFC9449-11.1-jti-replay"

# A bad proof is taken, which breaks more than its own rule: see `faults`.
TAKEN = [
    ("jti-optional", "a proof without jti is taken", "RFC9449-4.3-jti-present"),
    ("jti-any-type", "a jti that is empty or not a string is taken", "RFC9449-4.3-jti-present"),
    ("htm-optional", "a proof without htm is taken", "RFC9449-4.3-htm-present"),
    ("htm-not-compared", "htm is present but may be anything", "RFC9449-4.3-htm"),
    ("htm-list-ok", "an htm list of one is taken like its item", "RFC9449-4.3-htm"),
    ("htu-optional", "a proof without htu is taken", "RFC9449-4.3-htu-present"),
    ("htu-list-ok", "an htu list of one is taken like its item", "RFC9449-4.3-htu"),
    (
        "htu-path-ignored",
        "the path of htu is not compared",
        "RFC9449-4.3-htu RFC9449-4.3-htu-distinct-targets",
    ),
    ("htu-host-ignored", "the host of htu is not compared", "RFC9449-4.3-htu"),
    ("htu-scheme-ignored", "the scheme of htu is not compared", "RFC9449-4.3-htu"),
    ("htu-port-ignored", "the port of htu is not compared", "RFC9449-4.3-htu"),
    ("iat-optional", "a proof without iat is taken", "RFC9449-4.3-iat-present"),
    ("iat-string-ok", "an iat given as a string of digits is taken", "RFC9449-4.3-iat-present"),
    ("iat-no-past-limit", "a proof may be of any age", "RFC9449-4.3-iat-window"),
    ("iat-no-future-limit", "a proof may come from any time ahead", "RFC9449-4.3-iat-window"),
    ("typ-optional", "a proof without typ is taken", "RFC9449-4.3-typ"),
    ("typ-not-compared", "typ may be any string", "RFC9449-4.3-typ"),
    ("typ-list-ok", "a typ list of one is taken like its item", "RFC9449-4.3-typ"),
    ("alg-none-ok", "an unsigned proof (alg none) is taken", "FAPI2SP-5.4.1-alg-none RFC9449-4.3-alg-none"),
    (
        "alg-hmac-ok",
        "an HMAC proof is taken, keyed with an oct jwk or with the public key's bytes",
        "RFC9449-4.3-alg-asymmetric",
    ),
    (
        "alg-guessed",
        "an alg that is missing or not a string is guessed from the key",
        "RFC9449-4.3-alg-supported",
    ),
    (
        "jwk-optional",
        "without jwk, the last good key of that client or token is used",
        "RFC9449-4.3-jwk-present",
    ),
    ("jwk-string-ok", "a jwk given as JSON text in a string is taken", "RFC9449-4.3-jwk-present"),
    ("private-jwk-ok", "a jwk with private members is taken", "RFC9449-4.3-jwk-private"),
    (
        "signature-not-verified",
        "the signature of the proof is not verified",
        "RFC7518-3.4-es256-64-octets RFC8725-3.1-algorithm-verified RFC8725-3.3-all-operations "
        "FAPI2SP-5.4.1-jwt-bcp RFC9449-4.3-signature",
    ),
    (
        "first-dpop-header",
        "of several DPoP headers the first counts",
        "RFC9449-4.3-one-header RFC9449-4.1-token68",
    ),
    ("last-dpop-header", "of several DPoP headers the last counts", "RFC9449-4.3-one-header"),
    ("htm-prefix-ok", "htm may be a part of the method, or more than it", "RFC9449-4.3-htm"),
    ("htm-case-ignored", "htm is compared without its case", "RFC9449-4.3-htm"),
    (
        "htu-prefix-ok",
        "htu may be a part of the URI, or more than it",
        "RFC9449-4.3-htu RFC9449-4.3-htu-distinct-targets",
    ),
    ("htu-relative-ok", "an htu that is only the path is taken", "RFC9449-4.3-htu"),
    ("htu-unparseable-ok", "an htu that cannot be parsed is not compared", "RFC9449-4.3-htu"),
    ("htu-substring-ok", "the host is looked for anywhere in htu", "RFC9449-4.3-htu"),
    ("htu-any-endpoint", "htu may name any endpoint of the server", "RFC9449-4.3-htu"),
    (
        "htu-path-case-ignored",
        "the path of htu is compared without its case",
        "RFC9449-4.3-htu-distinct-targets",
    ),
    (
        "signature-remembered",
        "a signature that was right once is not verified again",
        "RFC9449-4.3-signature RFC8725-3.3-all-operations",
    ),
    (
        "keys-kept-by-kid",
        "a key is kept under the kid it came with, and verifies the next proof that names it",
        "RFC9449-4.3-signature RFC8725-3.3-all-operations",
    ),
    ("exp-replaces-iat", "the iat of a proof with exp is not looked at", "RFC9449-4.3-iat-window"),
    ("htu-slashes-merged", "slashes in htu are merged, decoded and cut", "RFC9449-4.3-htu-distinct-targets"),
    ("iat-nan-ok", "NaN passes every comparison of iat", "RFC9449-4.3-iat-window"),
    ("iat-milliseconds-ok", "an iat in milliseconds is taken", "RFC9449-4.3-iat-window"),
    ("typ-prefix-ok", "typ needs only to begin with dpop+jwt", "RFC9449-4.3-typ"),
    ("alg-unknown-guessed", "an unknown alg is guessed from the key", "RFC9449-4.3-alg-supported"),
    (
        "alg-mismatch-ok",
        "an alg that does not go with the key is put right",
        "RFC8725-3.1-algorithm-verified RFC9449-4.3-alg-supported",
    ),
    ("x5c-ok", "a key in x5c is taken where jwk is missing", "RFC9449-4.3-jwk-present"),
    (
        "zero-signature-ok",
        "a signature of zeros verifies",
        "RFC7518-3.4-es256-64-octets RFC9449-4.3-signature",
    ),
    (
        "der-signature-ok",
        "an ECDSA signature in DER is taken",
        "RFC7518-3.4-es256-64-octets RFC9449-4.3-signature",
    ),
    (
        "missing-signature-ok",
        "a proof of two segments, or with an empty third, is taken",
        "RFC9449-4.3-signature RFC9449-4.3-well-formed-jwt",
    ),
    ("json-jws-ok", "a proof in JSON serialization is taken", "RFC9449-4.3-well-formed-jwt"),
    ("extra-segments-ok", "what follows the third segment is left out", "RFC9449-4.3-well-formed-jwt"),
    ("padding-ok", "base64 padding is taken", "RFC9449-4.3-well-formed-jwt"),
    ("claims-list-ok", "claims in a list of one are taken", "RFC9449-4.3-well-formed-jwt"),
    ("crit-ignored", "crit is not looked at", "RFC7515-4.1.11-crit RFC9449-4.3-well-formed-jwt"),
    (
        "lax-header-value",
        "quotes, a scheme or parameters around the proof are cut off",
        "RFC9449-4.1-token68 RFC9449-4.3-one-header",
    ),
    (
        "malformed-proof-ignored",
        "a header without any dot counts as no proof needed",
        "RFC9449-4.3-well-formed-jwt",
    ),
    (
        "falsy-claims-ok",
        "a claim that is null, false, 0 or empty is not compared",
        "RFC9449-4.3-jti-present RFC9449-4.3-htm RFC9449-4.3-htu RFC9449-4.3-iat-present "
        "RFC9449-4.3-iat-window",
    ),
    (
        "odd-types-ok",
        "a claim of the wrong JSON type is not compared",
        "RFC9449-4.3-jti-present RFC9449-4.3-htm RFC9449-4.3-htu RFC9449-4.3-iat-present",
    ),
    (
        "duplicates-first-wins",
        "of two members with one name the first counts",
        "RFC7515-4-duplicate-names",
    ),
    (
        "header-read-twice",
        "of two header members one verifies, the other is used",
        "RFC7515-4-duplicate-names",
    ),
    (
        "unreadable-proof-ignored",
        "a proof with broken base64url or JSON counts as none",
        "RFC9449-4.3-well-formed-jwt RFC9449-4.1-token68 RFC9449-4.3-one-header",
    ),
    ("crit-odd-ok", "of crit only the members that are there are looked at", "RFC7515-4.1.11-crit"),
    (
        "other-jwts-ok",
        "a signed JWT of another kind is taken for a proof of the last key",
        "RFC8725-3.12-exclusive-rules",
    ),
    (
        "alg-case-ignored",
        "alg is compared without its case",
        "RFC9449-4.3-alg-supported",
    ),
    (
        "jwk-use-ignored",
        "use, key_ops and alg of the jwk are not looked at",
        "RFC8725-3.1-algorithm-verified",
    ),
    (
        "signature-length-lax",
        "an ECDSA signature of another length is put right",
        "RFC7518-3.4-es256-64-octets RFC9449-4.3-signature",
    ),
    (
        "key-url-followed",
        "what jku and x5u point to is fetched, and its key used where jwk is missing",
        "RFC8725-3.10-no-key-fetch RFC9449-4.3-jwk-present",
    ),
    ("kty-case-ignored", "kty is compared without its case", "RFC9449-4.3-jwk-present"),
]

# Other defects.
OTHER = [
    (
        "htu-not-normalised",
        "htu is compared as a string, query and all",
        "RFC9449-4.3-htu-normalization RFC9449-4.3-htu-query-fragment",
    ),
    ("no-replay-store", "a proof can be used again", f"{_REPLAY} {REPLAYED}"),
    (
        "replay-by-bytes",
        "a used proof is remembered by its bytes, which have several spellings",
        "RFC9449-11.1-jti-replay",
    ),
    ("replay-store-late", "a used proof is remembered a moment later", f"{_REPLAY} {REPLAYED}"),
    ("refuses-extra-members", "unknown claims and header members are refused", "RFC9449-4.2-extra-members"),
    (
        "signature-es-only",
        "RSA and EdDSA signatures are not verified",
        "RFC8725-3.1-algorithm-verified RFC8725-3.3-all-operations FAPI2SP-5.4.1-jwt-bcp RFC9449-4.3-signature",
    ),
    ("forwarded-trusted", "X-Forwarded-Host from anybody replaces the host", "RFC9449-4.3-htu"),
    ("forwarded-list-trusted", "X-Forwarded-Host is read as a list of names", "RFC9449-4.3-htu"),
    ("forwarded-field-trusted", "Forwarded from anybody replaces the host", "RFC9449-4.3-htu"),
    ("forwarded-proto-trusted", "X-Forwarded-Proto from anybody replaces the scheme", "RFC9449-4.3-htu"),
    ("forwarded-prefix-trusted", "X-Forwarded-Prefix from anybody is put before the path", "RFC9449-4.3-htu"),
    ("original-url-trusted", "X-Original-URL from anybody replaces the path", "RFC9449-4.3-htu"),
    ("host-trusted", "the Host field replaces the server's own name", "RFC9449-4.3-htu"),
    ("first-host-trusted", "the first of two Host fields replaces the server's own name", "RFC9449-4.3-htu"),
    ("last-host-trusted", "the last of two Host fields replaces the server's own name", "RFC9449-4.3-htu"),
    ("method-override-trusted", "X-HTTP-Method-Override replaces the method", "RFC9449-4.3-htm"),
    (
        "private-primes-ok",
        "only d counts as private, the primes of an RSA key do not",
        "RFC9449-4.3-jwk-private",
    ),
    ("iat-integer-only", "an iat with a fraction is refused", "RFC9449-4.3-iat-present"),
    ("crashes-on-huge-iat", "an iat of 1e400 ends in a 500", "KEYBOUND-robustness"),
    (
        "nonce-optional",
        "a proof without a nonce is taken once one was given",
        "RFC9449-11.3-nonce-downgrade ATPROTO-dpop-nonce-required",
    ),
    ("nonce-any", "any nonce is taken", "RFC9449-4.3-nonce RFC9449-9-nonce-issuer"),
    ("nonce-cut", "the last character of a nonce is not compared", "RFC9449-4.3-nonce"),
    ("nonce-prefix-compared", "a nonce is compared as far as both go", "RFC9449-4.3-nonce"),
    ("nonce-wrong-status", "a missing nonce is answered with the other side's status", ""),
    ("nonce-withheld", "a wrong nonce is refused and no new one is given", ""),
    ("nonce-twice", "an answer carries two nonces", "RFC9449-8-one-nonce-header"),
    ("nonce-bad-syntax", "nonces contain a quotation mark", "RFC9449-8.1-nonce-syntax"),
    ("nonce-cacheable", "answers with a nonce may be cached", "RFC9449-8.2-nonce-uncacheable"),
    ("nonce-counter", "nonces are a counter", "RFC9449-8-nonce-unpredictable"),
    (
        "header-case-sensitive",
        "the field name is read with its case",
        "RFC9110-5.1-field-name-case RFC9449-4.1-field-name-case",
    ),
    (
        "refuses-es256",
        "ES256 proofs are refused though advertised",
        "ATPROTO-dpop-es256 HAIP-4-dpop RFC9449-4.3-alg-supported",
    ),
    ("refuses-es384", "ES384 proofs are refused though advertised", "RFC9449-4.3-alg-supported"),
    ("refuses-eddsa", "EdDSA proofs are refused though advertised", "RFC9449-4.3-alg-supported"),
    ("refuses-rsa", "RSA proofs are refused though advertised", "RFC9449-4.3-alg-supported"),
    ("crashes-on-odd-jwk", "a jwk that is not an object ends in a 500", "KEYBOUND-robustness"),
    (
        "cors-hides-nonce",
        "pages of other origins cannot read the challenge or nonce",
        "RFC9449-7.1-cors-expose",
    ),
    ("exp-nbf-ignored", "exp and nbf of a proof are not looked at", "RFC7519-4.1.4-exp-nbf"),
    (
        "unadvertised-alg-ok",
        "ES512, RS512 and PS512 proofs are taken though not advertised",
        "RFC9449-4.3-alg-supported FAPI2SP-5.4.1-jwt-algs",
    ),
    (
        "rsa-padding-either-ok",
        "an RSA signature verifies under either padding",
        "RFC8725-3.1-algorithm-verified FAPI2SP-5.4.1-jwt-bcp",
    ),
    (
        "curve-not-compared",
        "an ES256 signature by a key on P-384 is taken",
        "RFC8725-3.1-algorithm-verified FAPI2SP-5.4.1-jwt-bcp",
    ),
    ("rsa-sha1-ok", "RSA with SHA-1 is taken", "RFC8725-3.2-current-algorithms"),
    ("crashes-on-long-jti", "a long jti ends in a 500", "RFC9449-11.1-jti-size"),
    ("crashes-on-bad-point", "a point that is not on its curve ends in a 500", "KEYBOUND-robustness"),
    (
        "coordinate-zeros-cut",
        "a thumbprint is computed over coordinates without leading zeros",
        "RFC7638-3-required-members",
    ),
    ("crashes-on-odd-json", "deeply nested JSON and very long numbers end in a 500", "KEYBOUND-robustness"),
    ("crashes-on-odd-text", "a jti beyond printable ASCII ends in a 500", "KEYBOUND-robustness"),
]
