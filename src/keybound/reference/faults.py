"""The faults of the reference target: every defect that can be switched on, by name."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from . import faults_flows, faults_mtls, faults_time
from .token_faults import TOKENS


@dataclass(frozen=True, slots=True)
class Fault:
    """One defect: its id, what is wrong in one line, and the requirements a run against it turns red."""

    id: str
    wrong: str
    requirements: tuple[str, ...]


# What a bad proof that is taken breaks in any case, beside the rule it breaks.
_TAKEN = {
    "as": "RFC9449-5-invalid-proof-no-token RFC9449-10.1-par-proof-checked",
    "rs": "RFC9449-7.1-proof-checked",
}

# A bad proof is taken. Each exists twice, at the authorization server (as-) and the resource server (rs-).
_PROOF = [
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

# Other defects of the proof check; each exists twice too.
_REPLAY = "RFC9449-11.1-jti-replay"
_BOTH = [
    (
        "htu-not-normalised",
        "htu is compared as a string, query and all",
        "RFC9449-4.3-htu-normalization RFC9449-4.3-htu-query-fragment",
    ),
    ("no-replay-store", "a proof can be used again", f"{_REPLAY} {faults_time.REPLAYED}"),
    (
        "replay-by-bytes",
        "a used proof is remembered by its bytes, which have several spellings",
        "RFC9449-11.1-jti-replay",
    ),
    ("replay-store-late", "a used proof is remembered a moment later", f"{_REPLAY} {faults_time.REPLAYED}"),
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

_RS = [
    ("get-proof-for-head", "a proof for GET is taken for HEAD", "RFC9449-4.3-htm"),
    ("host-with-path-trusted", "a Host field with a path in it names the endpoint", "RFC9449-4.3-htu"),
    ("ath-hex-ok", "ath may be written in hex", "RFC9449-4.3-ath RFC9449-7.1-proof-checked"),
    ("ath-empty-ok", "an empty ath is taken", "RFC9449-4.3-ath RFC9449-7.1-proof-checked"),
    ("ath-sha512-ok", "ath may be a SHA-512 hash", "RFC9449-11.10-sha256 RFC9449-7.1-proof-checked"),
    ("ath-of-any-token", "ath may be the hash of any token seen before", "RFC9449-4.3-ath"),
    ("kid-as-thumbprint", "kid of the jwk is taken for its thumbprint", "RFC9449-4.3-key-match"),
    (
        "query-token-ok",
        "a bound token in the query is a bearer token",
        "RFC9449-7.2-bearer-body-query OAUTH21-5.1-token-in-query FAPI2SP-5.3.4-token-in-query "
        "RFC8705-3-no-cert",
    ),
    (
        "form-token-ok",
        "a bound token in a form is a bearer token",
        "RFC9449-7.2-bearer-body-query RFC8705-3-no-cert",
    ),
    ("proxy-authorization-ok", "Proxy-Authorization is read", "RFC9449-7.1-no-proxy-auth"),
    ("cookie-token-ok", "a bound token in a cookie is taken as it is", "RFC9449-6-binding-known"),
    ("lower-case-scheme-unchecked", "under `dpop` no proof is looked at", "RFC9449-7.1-proof-present"),
    (
        "proof-alone-ok",
        "a proof without a token opens the resource",
        "RFC9449-7.2-bearer-body-query RFC9449-7.1-no-access RFC9449-4-proof-alone RFC9449-7.1-no-proxy-auth",
    ),
    ("unbound-token-ok", "an unbound token works under the DPoP scheme", "RFC9449-7.1-unbound-token"),
    ("ath-optional", "a proof without ath is taken", "RFC9449-4.3-ath RFC9449-7.1-proof-checked"),
    (
        "ath-not-compared",
        "ath is present but may be anything",
        "RFC9449-4.3-ath RFC9449-7.1-proof-checked RFC9449-11.10-sha256",
    ),
    ("ath-list-ok", "an ath list of one is taken like its item", "RFC9449-4.3-ath RFC9449-7.1-proof-checked"),
    (
        "bound-token-as-bearer",
        "a DPoP-bound token works as a bearer token",
        "RFC9110-11.1-scheme-case RFC9449-6-binding-known RFC9449-7.1-no-access RFC9449-7.2-bearer-downgrade",
    ),
    (
        "proof-optional",
        "the DPoP scheme works without a proof",
        "RFC9449-7.1-no-access RFC9449-7.1-proof-present",
    ),
    (
        "any-key",
        "the proof's key is not compared with the token's",
        "RFC9449-4.3-key-match RFC9449-6-binding-known RFC9449-6.2-introspecting-rs-checks "
        "RFC9449-7.1-no-access RFC9449-7.1-unbound-token",
    ),
    ("executes-before-verifying", "a note is stored before the proof is checked", "RFC9449-7.1-no-access"),
    (
        "body-in-refusal",
        "a refusal for want of a proof carries the protected body",
        "RFC9449-7.1-no-access RFC9449-7.1-proof-present",
    ),
    (
        "scheme-case-sensitive",
        "the scheme name is compared with its case",
        "RFC9110-11.1-scheme-case RFC9449-7.1-scheme-case FAPI2SP-5.3.4-token-in-header",
    ),
    (
        "wants-get-as-htm",
        "htm is expected to be GET for every method",
        "RFC9449-4.3-htm",
    ),
    ("htu-query-kept", "a request with a query is compared with its query", "RFC9449-4.3-htu-query-fragment"),
    (
        "no-challenge",
        "a 401 has no WWW-Authenticate",
        "RFC9449-7.1-challenge RFC6750-3-challenge RFC9110-15.5.2-challenge",
    ),
    (
        "challenge-without-error",
        "the challenge has no error",
        "RFC9449-7.1-challenge-error RFC6750-3-challenge-error",
    ),
    ("challenge-without-algs", "the DPoP challenge has no algs", "RFC9449-7.1-challenge-algs"),
    ("challenge-lists-none", "algs of the challenge contains none", "RFC9449-4.3-alg-asymmetric"),
    (
        "error-without-credentials",
        "a request without credentials is told an error",
        "RFC9449-7.2-challenge-no-error RFC6750-3.1-no-error",
    ),
    (
        "mtls-certificate-optional",
        "a certificate-bound token works without a certificate",
        "RFC8705-3-no-cert",
    ),
    ("mtls-any-certificate", "a certificate-bound token works with any certificate", "RFC8705-3-cert-match"),
    (
        "mtls-wrong-error",
        "a certificate mismatch is answered 403 without a challenge",
        "RFC8705-3-mismatch-error",
    ),
    (
        "opaque-cnf-ignored",
        "the binding of opaque tokens is not checked",
        "RFC8705-3-cert-match RFC8705-3-no-cert RFC9449-4.3-key-match RFC9449-6.2-introspecting-rs-checks",
    ),
    (
        "bearer-with-proof-ok",
        "a DPoP-bound token works under Bearer if a good proof comes along",
        "RFC9449-7.2-bearer-downgrade",
    ),
    ("bearer-wrong-status", "a bad bearer token is answered 400", "RFC6750-3.1-error-status"),
    ("challenge-attributes-twice", "a challenge has its error twice", "RFC6750-3-attributes-once"),
    ("bearer-refused", "a Bearer token is refused though the scheme is offered", "RFC6750-2.1-bearer-header"),
    (
        "error-in-other-challenge",
        "the error stands in the challenge of the scheme that was not tried",
        "RFC9449-7.2-challenge-attempted-scheme RFC9449-7.1-challenge-error",
    ),
    (
        "bad-token-blamed-on-proof",
        "a bad token is answered invalid_dpop_proof",
        "RFC9449-7.1-challenge-invalid-proof",
    ),
    ("ath-is-enough", "with a right ath, method and address are not compared", "RFC9449-7-ath-not-enough"),
    ("scope-ignored", "the scope of a token is not looked at", "FAPI2SP-5.3.4-sufficient-scope"),
    ("scope-wrong-status", "insufficient_scope comes with 401", "RFC6750-3.1-error-status"),
    (
        "ath-prefix-ok",
        "ath may be the beginning of the hash",
        "RFC9449-4.3-ath RFC9449-7.1-proof-checked",
    ),
    ("ath-case-ignored", "ath is compared without its case", "RFC9449-4.3-ath RFC9449-7.1-proof-checked"),
    (
        "ath-of-part-ok",
        "ath may be the hash of a part of the token",
        "RFC9449-4.3-ath RFC9449-7.1-proof-checked",
    ),
    ("jwk-members-hashed", "jkt is computed over every member of the jwk", "RFC7638-3-required-members"),
    (
        "first-authorization",
        "of several Authorization fields the first counts",
        "RFC6750-3.1-one-transport RFC9449-7.2-challenge-ambiguous",
    ),
    (
        "last-authorization",
        "of several Authorization fields the last counts",
        "RFC6750-3.1-one-transport RFC9449-7.2-challenge-ambiguous",
    ),
    (
        "token-elsewhere-ignored",
        "a token in the query or a form beside the header is not seen",
        "RFC6750-3.1-one-transport",
    ),
    ("credentials-cut", "what follows a blank in the credentials is left out", "RFC9449-7.1-no-access"),
    ("any-scheme-ok", "the name of the scheme does not matter", "RFC9449-7.1-no-access"),
    ("crashes-on-odd-token", "a token with illegal characters ends in a 500", "KEYBOUND-robustness"),
]

_AS = [
    ("says-bearer", "a bound token is announced as Bearer", "RFC9449-5-bearer-option RFC9449-5-token-type"),
    (
        "says-nothing",
        "the token response has no token_type",
        "RFC9449-5-bearer-option RFC9449-5-token-type RFC6749-5.1-token-type",
    ),
    (
        "cnf-missing",
        "a token announced as DPoP is bound to no key",
        "RFC9449-4.3-key-match RFC9449-5-bearer-option RFC9449-5-every-grant "
        "RFC9449-5-token-bound RFC9449-6-binding-known RFC9449-6.1-cnf-jkt RFC9110-11.1-scheme-case "
        "RFC9700-2.2.1-sender-constrained OAUTH21-1.4.3-sender-constrained "
        "RFC9449-6.2-introspecting-rs-checks RFC9449-6.2-introspection-jkt "
        "RFC9449-6.2-introspection-token-type RFC9449-7.1-no-access "
        "RFC9449-7.2-bearer-downgrade RFC9449-7.1-unbound-token DPOPDEVICE-3.2-tokens-bound",
    ),
    (
        "jkt-sha1",
        "jkt is a SHA-1 thumbprint",
        "RFC7638-3-required-members RFC9449-5-refresh-binds-new-token RFC9449-6.1-jkt-thumbprint "
        "RFC9449-6.2-introspection-jkt",
    ),
    (
        "jkt-padded",
        "jkt ends in base64 padding",
        "RFC7638-3-required-members RFC9449-5-refresh-binds-new-token RFC9449-6.1-jkt-thumbprint "
        "RFC9449-6.2-introspection-jkt",
    ),
    (
        "jkt-of-whole-jwk",
        "jkt is computed over every member of the jwk",
        "RFC7638-3-required-members RFC9449-6.1-jkt-thumbprint",
    ),
    (
        "code-grant-unbound",
        "a code with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound",
    ),
    (
        "refresh-grant-unbound",
        "a refresh with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound",
    ),
    (
        "refresh-binds-old-key",
        "a refresh binds to the key of the first token",
        "RFC9449-5-refresh-binds-new-token",
    ),
    (
        "refresh-any-key",
        "a public client's refresh token works with any key",
        "RFC9449-5-refresh-bound-public RFC9449-5-refresh-checked-public RFC9449-5-refresh-rotation-bound "
        "ATPROTO-tokens-session-key",
    ),
    (
        "refresh-proof-optional",
        "a public client's refresh token works without a proof",
        "RFC9449-5-refresh-checked-public",
    ),
    (
        "rotated-refresh-unbound",
        "the second refresh token of a public client is not bound",
        "RFC9449-5-refresh-rotation-bound",
    ),
    (
        "ignores-dpop-jkt",
        "dpop_jkt of the authorization request is ignored",
        "RFC9449-10-code-key-mismatch RFC9449-10-code-no-proof",
    ),
    (
        "ignores-dpop-jkt-in-par",
        "dpop_jkt of a pushed request is ignored",
        "RFC9449-10-code-no-proof RFC9449-10.1-par-dpop-jkt RFC9449-10.1-par-jkt-conflict "
        "RFC9449-10-code-key-mismatch RFC9126-3-request-object FAPI2SP-5.3.2.1-code-binding",
    ),
    (
        "par-proof-not-bound",
        "a proof at PAR is checked and forgotten",
        "RFC9449-10.1-par-proof-binds FAPI2SP-5.3.2.1-code-binding ATPROTO-flow-par-binds",
    ),
    ("par-jkt-mismatch-ok", "dpop_jkt may differ from the proof at PAR", "RFC9449-10.1-par-jkt-conflict"),
    (
        "code-proof-optional",
        "a code with dpop_jkt yields an unbound token without a proof",
        "RFC9449-10-code-no-proof RFC9449-10.1-par-proof-binds",
    ),
    (
        "bound-client-proof-optional",
        "dpop_bound_access_tokens is not enforced",
        "RFC9449-5.2-bound-client FAPI2SP-5.3.2.1-constrained-only",
    ),
    ("proof-error-code", "a bad proof is answered server_error", "RFC9449-5-error-code"),
    ("proof-error-not-json", "a bad proof is answered with a page", "RFC9449-5-error-code"),
    ("metadata-algs-string", "dpop_signing_alg_values_supported is a string", "RFC9449-5.1-signing-algs"),
    ("metadata-algs-none", "dpop_signing_alg_values_supported contains none", "RFC9449-5.1-signing-algs"),
    ("introspection-without-cnf", "introspection leaves out cnf.jkt", "RFC9449-6.2-introspection-jkt"),
    (
        "introspection-says-bearer",
        "introspection calls a DPoP token Bearer",
        "RFC9449-6.2-introspection-token-type",
    ),
    (
        "introspection-wants-proof",
        "introspection asks for a DPoP proof",
        "RFC9449-6.2-introspection-no-proof RFC8705-6.1-optional-cert",
    ),
    (
        "x5t-missing",
        "a certificate-bound client's token is not bound",
        "RFC8705-2.2-no-chain RFC8705-3-cert-match RFC8705-3-no-cert RFC8705-3.1-cnf-x5t "
        "RFC8705-3.2-introspection-x5t RFC8705-4-public-bound",
    ),
    (
        "x5t-hex",
        "x5t#S256 is written in hex",
        "RFC8705-3.1-x5t-value RFC8705-3.2-introspection-x5t RFC8705-7.2-sha256",
    ),
    (
        "x5t-sha1",
        "x5t#S256 is a SHA-1 thumbprint",
        "RFC8705-3.1-x5t-value RFC8705-3.2-introspection-x5t RFC8705-7.2-sha256",
    ),
    (
        "x5t-padded",
        "x5t#S256 ends in base64 padding",
        "RFC8705-3.1-x5t-no-padding RFC8705-3.2-introspection-x5t",
    ),
    (
        "x5t-of-key",
        "x5t#S256 is the hash of the public key",
        "RFC8705-3.1-x5t-value RFC8705-3.2-introspection-x5t RFC8705-7.2-sha256 "
        "RFC8705-3-cert-match RFC8705-6.3-renewed-cert",
    ),
    ("mtls-certificate-optional", "client_id alone authenticates an mTLS client", "RFC8705-2-handshake"),
    (
        "mtls-any-certificate",
        "tls_client_auth takes any certificate",
        "RFC8705-2-client-binding RFC8705-2.1-subject-match",
    ),
    (
        "self-signed-any-certificate",
        "self_signed_tls_client_auth takes any certificate",
        "RFC8705-2-client-binding RFC8705-2.2-registered-certificate",
    ),
    (
        "mtls-wrong-error",
        "failed mTLS authentication is answered 400 access_denied",
        "RFC8705-2-invalid-client",
    ),
    (
        "introspection-without-x5t",
        "introspection leaves out cnf.x5t#S256",
        "RFC8705-2.2-no-chain RFC8705-3.1-cnf-x5t RFC8705-3.2-introspection-x5t",
    ),
    (
        "metadata-mtls-flag-string",
        "tls_client_certificate_bound_access_tokens is a string",
        "RFC8705-3.3-metadata-bound",
    ),
    (
        "mtls-refresh-any-certificate",
        "a public client's refresh works with any certificate",
        "RFC8705-4-refresh-bound-public",
    ),
    (
        "client-credentials-unbound",
        "client_credentials with a good proof yields an unbound token",
        "RFC9700-2.2.1-sender-constrained OAUTH21-1.4.3-sender-constrained "
        "RFC9449-5-every-grant RFC9449-5-token-bound RFC9449-6.1-cnf-jkt RFC9449-6.2-introspection-jkt "
        "RFC9449-6.2-introspection-token-type RFC9449-4.3-alg-supported",
    ),
    (
        "mtls-binding-on-first-token-only",
        "a refreshed token is not certificate-bound",
        "RFC8705-3.1-cnf-x5t RFC8705-4-public-bound",
    ),
    (
        "x5t-wrapped",
        "x5t#S256 ends in a line break",
        "RFC8705-3.1-x5t-no-whitespace RFC8705-3.2-introspection-x5t",
    ),
    ("token-cacheable", "a token response may be stored", "RFC6749-5.1-no-store"),
    ("errors-are-pages", "an unknown grant type is answered with a page", "RFC6749-5.2-error-format"),
    (
        "invalid-client-without-challenge",
        "a 401 for a wrong secret has no challenge",
        "RFC6749-5.2-invalid-client-401 RFC9110-15.5.2-challenge",
    ),
    (
        "refuses-unknown-parameters",
        "a parameter nobody knows is refused",
        "RFC6749-3.1-unknown-parameters",
    ),
    (
        "client-authentication-optional",
        "a client that leaves its credentials out is believed",
        "RFC6749-4.4.2-client-auth FAPI2SP-5.3.2.1-confidential-clients",
    ),
    ("secret-instead-of-key", "a client with a key may send any secret", "FAPI2SP-5.3.2.1-client-auth"),
    (
        "token-without-audience",
        "access tokens name no audience",
        "RFC9700-2.3-audience RFC9700-4.10-constrained-tokens",
    ),
    ("short-codes", "codes have eight characters", "FAPI2SP-5.4.1-entropy"),
    ("short-refresh-tokens", "refresh tokens have eight characters", "FAPI2SP-5.4.1-entropy"),
    ("short-opaque-tokens", "opaque access tokens have eight characters", "FAPI2SP-5.4.1-entropy"),
    ("metadata-empty-array", "the metadata has an empty array", "RFC8414-3.2-no-empty-arrays"),
    ("metadata-incomplete", "the metadata lacks response_types_supported", "RFC9700-2.6-metadata"),
    ("metadata-endpoint-http", "the metadata has a plain http endpoint", "RFC9449-2-https"),
    ("metadata-without-es256", "ES256 is not among the proof algorithms", "ATPROTO-metadata-dpop-algs"),
    (
        "proof-as-assertion-ok",
        "a proof passes for a client assertion",
        "RFC8725-3.12-exclusive-rules",
    ),
    ("small-rsa-ok", "RSA keys below 2048 bits are taken", "RFC7518-3.3-rsa-2048 FAPI2SP-5.4.1-rsa-2048"),
    (
        "rsa-exponent-one-ok",
        "an RSA key with exponent 1 is taken",
        "RFC8725-3.2-current-algorithms",
    ),
    (
        "empty-header-says-dpop",
        "an empty DPoP header yields a token that is called DPoP",
        "RFC9449-5-token-type",
    ),
    (
        "registration-hides-binding",
        "a registration does not show the flags of bound tokens",
        "RFC7591-3.2.1-metadata-returned",
    ),
    (
        "assertion-any-audience",
        "a client assertion for another server is taken",
        "FAPI2SP-5.3.2.1-assertion-aud RFC6749-4.4.2-client-auth",
    ),
    ("registration-refuses-unknown", "unknown client metadata is refused", "RFC7591-2-unknown-metadata"),
    ("registration-both-key-sets", "jwks and jwks_uri are both registered", "RFC7591-2-jwks-or-uri"),
    ("registration-two-subjects", "two subjects are registered for one client", "RFC8705-2.1.2-one-subject"),
    (
        "registration-front-channel",
        "a client held to DPoP may register the response type token",
        "RFC9449-5.2-bound-client",
    ),
]

# What a fault breaks on one side only.
_ALSO = {
    "as-iat-no-future-limit": "FAPI2SP-5.3.2.1-iat-60s",
    "rs-htu-prefix-ok": "RFC9449-7.1-no-access",
    "as-private-primes-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-private-primes-ok": "RFC9449-7.1-proof-checked",
    "as-signature-es-only": "RFC9449-10.1-par-proof-checked RFC9449-5-invalid-proof-no-token",
    "rs-signature-es-only": "RFC9449-7.1-proof-checked",
    "rs-htm-not-compared": "RFC9449-7.1-no-access",
    "rs-htu-path-ignored": "RFC9449-7.1-no-access",
    "rs-falsy-claims-ok": "RFC9449-4.3-ath MCP-dpop-proof-checks",
    "rs-odd-types-ok": "RFC9449-4.3-ath",
    "rs-unreadable-proof-ignored": "RFC9449-7.1-proof-present",
    "rs-malformed-proof-ignored": "RFC9449-7.1-proof-present",
    "rs-iat-nan-ok": "MCP-dpop-proof-checks",
    "rs-iat-no-past-limit": "MCP-dpop-proof-checks",
    "rs-iat-milliseconds-ok": "MCP-dpop-proof-checks",
    "rs-iat-no-future-limit": "MCP-dpop-proof-checks",
    "as-rsa-padding-either-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-rsa-padding-either-ok": "RFC9449-7.1-proof-checked",
    "as-rsa-sha1-ok": "RFC9449-5-invalid-proof-no-token",
    "rs-rsa-sha1-ok": "RFC9449-7.1-proof-checked",
    "as-curve-not-compared": "RFC9449-5-invalid-proof-no-token",
    "rs-curve-not-compared": "RFC9449-7.1-proof-checked",
    "rs-refuses-extra-members": "RFC7638-3-required-members",
    "as-signature-not-verified": "RFC9449-5-refresh-checked-public DPOPDEVICE-3.1-proof-checked",
    "as-nonce-any": "RFC9449-8-nonce-mismatch",
    "as-nonce-cut": "RFC9449-8-nonce-mismatch",
    "as-nonce-withheld": "RFC9449-8-nonce-error",
    "rs-nonce-withheld": "RFC9449-9-rs-nonce-challenge",
    "as-nonce-wrong-status": "RFC9449-8-nonce-error",
    "rs-nonce-wrong-status": "RFC9449-9-rs-nonce-challenge",
}

_ROWS = [
    *(
        (f"{side}-{name}", wrong, f"{rules} {_TAKEN[side]}")
        for side in _TAKEN
        for name, wrong, rules in _PROOF
    ),
    *(
        (f"{side}-{name}", wrong, rules)
        for side in _TAKEN
        for name, wrong, rules in [*_BOTH, *faults_time.BOTH]
    ),
    *((f"as-{name}", wrong, rules) for name, wrong, rules in [*_AS, *faults_time.AS]),
    *((f"rs-{name}", wrong, rules) for name, wrong, rules in [*_RS, *faults_time.RS, *TOKENS]),
    *faults_mtls.MTLS,
    *faults_flows.FLOWS,
]
_MORE = (_ALSO, faults_mtls.ALSO, faults_time.ALSO)

FAULTS: dict[str, Fault] = {
    name: Fault(name, wrong, tuple(" ".join([rules, *(more.get(name, "") for more in _MORE)]).split()))
    for name, wrong, rules in _ROWS
}


class Faults:
    """The faults switched on in one server."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        """Raise ValueError, naming the nearest id, when one of `ids` is not in FAULTS."""
        self._on = frozenset(ids)
        for name in sorted(self._on - FAULTS.keys()):
            near = difflib.get_close_matches(name, FAULTS, n=1)
            raise ValueError(f"unknown fault {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def of(self, side: str, name: str) -> bool:
        """Return whether the fault `name` of one side is on."""
        return self.on(f"{side}-{name}")

    def on(self, name: str) -> bool:
        """Return whether the fault is on; KeyError if no such fault exists, so that a typo cannot hide."""
        return FAULTS[name].id in self._on
