"""Defects of grants, codes and refresh tokens that can be switched on: how tokens are got, not how proofs are read."""

# Id, what is wrong, the requirements that a run against it turns red.
FLOWS = [
    ("as-code-any-client", "a code is redeemed by any client", "RFC6749-10.5-code-client"),
    (
        "as-code-reusable",
        "a code can be redeemed again",
        "RFC6749-4.1.2-code-once RFC6749-4.1.2-code-reuse-revokes FAPI2SP-5.3.2.2-code-once",
    ),
    (
        "as-code-reuse-forgiven",
        "the second use of a code has no consequences",
        "RFC6749-4.1.2-code-reuse-revokes",
    ),
    ("as-code-verifier-ignored", "code_verifier is not compared", "FAPI2SP-5.3.2.2-pkce-s256"),
    (
        "as-refresh-cut",
        "only the beginning of a refresh token is compared",
        "RFC9700-4.14.2-refresh-integrity",
    ),
    (
        "as-refresh-reuse-forgiven",
        "the second use of a replaced refresh token has no consequences",
        "RFC9700-4.14.2-refresh-reuse-revokes",
    ),
    ("as-refresh-any-client", "a refresh token works for any client", "RFC6749-6-refresh-client"),
    (
        "as-refresh-public-unprotected",
        "refresh tokens of public clients are neither bound nor replaced",
        "RFC9449-5-refresh-bound-public RFC9449-5-refresh-checked-public RFC9700-2.2.2-public-refresh "
        "RFC9700-4.14.2-refresh-replay OAUTH21-4.3-refresh-protected OAUTH21-4.3.1-refresh-replay",
    ),
    (
        "as-refresh-widens-scope",
        "a refresh may ask for more scope than was granted",
        "RFC9700-4.14.2-refresh-scope",
    ),
    (
        "as-dpop-jkt-prefix-compared",
        "dpop_jkt and thumbprint are compared as far as both go",
        "RFC9449-10-code-key-mismatch",
    ),
    ("as-dpop-jkt-case-ignored", "dpop_jkt is compared without its case", "RFC9449-10-code-key-mismatch"),
    (
        "as-code-binding-public-only",
        "the codes of confidential clients are bound to no key",
        "RFC9449-10-code-key-mismatch RFC9449-10-code-no-proof RFC9449-10.1-par-dpop-jkt RFC9449-10.1-par-proof-binds "
        "FAPI2SP-5.3.2.1-code-binding ATPROTO-flow-par-binds RFC9126-3-request-object",
    ),
    (
        "as-code-binding-confidential-only",
        "the codes of public clients are bound to no key",
        "RFC9449-10-code-key-mismatch RFC9449-10-code-no-proof RFC9449-10.1-par-dpop-jkt RFC9449-10.1-par-proof-binds",
    ),
    ("as-code-used-late", "a code is used up a moment after its tokens were made", "RFC6749-4.1.2-code-once"),
    (
        "as-refresh-remembers-type",
        "a refresh without a proof is answered with an unbound token of type DPoP",
        "RFC9449-5-bearer-option",
    ),
    (
        "as-bound-client-extensions-excused",
        "a bound client needs no proof for the grants beyond RFC 6749",
        "RFC9449-5.2-bound-client",
    ),
    (
        "as-bound-client-refresh-excused",
        "a bound client may refresh without a proof",
        "RFC9449-5.2-bound-client",
    ),
    (
        "as-refresh-unauthenticated",
        "a confidential client need not authenticate to refresh",
        "RFC6749-6-refresh-client-auth",
    ),
    (
        "as-code-unauthenticated",
        "a confidential client need not authenticate to redeem a code",
        "RFC6749-10.5-code-client",
    ),
    ("as-refresh-any-secret", "any secret will do for a refresh", "RFC6749-6-refresh-client-auth"),
    ("as-par-unauthenticated", "pushed requests need no client authentication", "RFC9126-2.1-client-auth"),
    ("as-par-any-secret", "any secret will do for a pushed request", "RFC9126-2.1-client-auth"),
    (
        "as-assertion-aud-issuer-only",
        "a client assertion for an endpoint is refused",
        "RFC9126-2-assertion-aud",
    ),
    (
        "as-refresh-late-proof-unbound",
        "a refresh of an unbound grant says DPoP and binds nothing",
        "RFC9449-5-bearer-option",
    ),
    (
        "as-implicit-ok",
        "response_type token gives an unbound token, to a bound client as well",
        "RFC9449-5.2-bound-client",
    ),
    ("as-request-object-mixed", "dpop_jkt beside a request object counts", "RFC9126-3-request-object"),
    (
        "as-query-beside-request-uri",
        "dpop_jkt in the URL replaces what was pushed",
        "RFC9449-10.1-par-dpop-jkt",
    ),
    ("as-request-uri-any-client", "a request_uri works for any client", "RFC9126-2.2-request-uri-client"),
    (
        "as-request-uri-reusable",
        "a request_uri starts any number of authorizations",
        "RFC9126-4-request-uri-once",
    ),
    (
        "as-device-grant-unbound",
        "device_code with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound DPOPDEVICE-3.2-tokens-bound",
    ),
    (
        "as-exchange-grant-unbound",
        "token exchange with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound",
    ),
    (
        "as-ciba-grant-unbound",
        "CIBA with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound",
    ),
    (
        "as-jwt-bearer-grant-unbound",
        "jwt-bearer with a good proof yields an unbound token",
        "RFC9449-5-every-grant RFC9449-5-token-bound",
    ),
    (
        "as-code-proof-unverified",
        "the signature of a proof is not verified for the grant authorization_code",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token",
    ),
    (
        "as-refresh-proof-unverified",
        "the signature of a proof is not verified for the grant refresh_token",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token RFC9449-5-refresh-checked-public",
    ),
    (
        "as-device-proof-unverified",
        "the signature of a proof is not verified for the grant device_code",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token",
    ),
    (
        "as-exchange-proof-unverified",
        "the signature of a proof is not verified for the grant token exchange",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token",
    ),
    (
        "as-ciba-proof-unverified",
        "the signature of a proof is not verified for the grant CIBA",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token",
    ),
    (
        "as-jwt-bearer-proof-unverified",
        "the signature of a proof is not verified for the grant jwt-bearer",
        "RFC9449-4.3-signature RFC9449-5-invalid-proof-no-token",
    ),
    (
        "as-device-proof-unchecked",
        "the signature of a proof is not verified where a device flow starts",
        "DPOPDEVICE-3.1-proof-checked",
    ),
    (
        "as-device-key-forgotten",
        "a proof is checked where a device flow starts, and forgotten",
        "DPOPDEVICE-3.1-code-binds DPOPDEVICE-3.2-poll-key",
    ),
    (
        "rs-userinfo-post-proof-unverified",
        "the signature of a proof is not verified for a POST to userinfo",
        "RFC9449-4.3-signature RFC9449-7.1-proof-checked",
    ),
    (
        "rs-head-proof-unverified",
        "the signature of a proof is not verified for HEAD requests",
        "RFC9449-4.3-signature RFC9449-7.1-proof-checked",
    ),
    (
        "rs-post-proof-unverified",
        "the signature of a proof is not verified for POST requests",
        "RFC9449-4.3-signature RFC9449-7.1-proof-checked",
    ),
    (
        "rs-second-url-proof-unverified",
        "the signature of a proof is not verified for the second URL",
        "RFC9449-4.3-signature RFC9449-7.1-proof-checked",
    ),
    (
        "rs-signature-unchecked-for-ps256-opaque",
        "the signature of a PS256 proof is not verified with opaque tokens",
        "RFC9449-4.3-signature RFC9449-7.1-proof-checked",
    ),
    (
        "as-refresh-rotates-all",
        "refresh tokens of confidential clients are replaced too",
        "FAPI2SP-5.3.2.1-no-rotation",
    ),
    ("as-par-optional", "a client that has to push its requests need not", "FAPI2SP-5.3.2.2-par-required"),
    ("as-code-lives-on", "a code is good for five minutes", "FAPI2SP-5.3.2.1-code-60s"),
    (
        "as-assertion-aud-loose",
        "any of our URLs, and a list of them, is an audience",
        "FAPI2SP-5.3.2.1-assertion-aud",
    ),
]
