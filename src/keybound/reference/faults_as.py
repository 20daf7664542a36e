"""Faults of the authorization server: (name, what is wrong, the requirements it turns red); ids get the prefix as-."""

AS = [
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
        "jkt-members-unsorted",
        "jkt is computed over members in another order than the alphabet's",
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
    (
        "metadata-algs-string",
        "dpop_signing_alg_values_supported is a string",
        "RFC9449-5.1-signing-algs ATPROTO-metadata-dpop-algs",
    ),
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
        "RFC9449-6.2-introspection-token-type",
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
