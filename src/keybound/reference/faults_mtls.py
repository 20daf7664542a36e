"""The faults of mutual TLS and of the proxies in front: (id, what is wrong, the requirements it turns red)."""

_FAPI = "FAPI2SP-5.3.4-constraint-checked"
_SPOOFED = "RFC9440-2.2-once RFC9440-2.4-overwrite RFC9440-2.4-strip RFC9700-4.13-sanitized-headers"

MTLS = [
    ("as-mtls-chain-ignored", "tls_client_auth looks at the name alone", "RFC8705-2.1-chain"),
    ("as-mtls-lifetime-ignored", "tls_client_auth takes certificates of any time", "RFC8705-2.1-chain"),
    ("as-mtls-purpose-ignored", "tls_client_auth takes certificates for servers", "RFC8705-2.1-chain"),
    (
        "as-mtls-subject-ignored",
        "tls_client_auth takes any certificate of its CA",
        "RFC8705-2-client-binding RFC8705-2-handshake RFC8705-2.1-dn-comparison RFC8705-2.1-subject-match "
        "RFC8705-7.1-refresh-confidential RFC9126-2.1-client-auth",
    ),
    (
        "as-mtls-any-of-chain",
        "tls_client_auth looks for the name in every certificate of the chain",
        "RFC8705-2-client-binding RFC8705-2-handshake RFC8705-2.1-subject-match",
    ),
    ("as-mtls-nul-ends-name", "tls_client_auth reads names up to a NUL", "RFC8705-2.1-subject-match"),
    (
        "as-mtls-name-in-any-field",
        "an alternative name is found in the common name as well",
        "RFC8705-2.1-subject-match",
    ),
    (
        "as-mtls-name-of-any-type",
        "an alternative name is found among those of other types as well",
        "RFC8705-2.1-subject-match",
    ),
    (
        "as-mtls-common-name-compared",
        "of distinguished names only the common name is compared",
        "RFC8705-2.1-subject-match RFC8705-2.1-dn-comparison",
    ),
    (
        "as-self-signed-serial-compared",
        "self-signed certificates are compared by their serial number",
        "RFC8705-2.2-registered-certificate",
    ),
    (
        "rs-mtls-serial-compared",
        "the certificate is told by the name of its issuer and its serial number",
        "RFC8705-3-cert-match",
    ),
    (
        "rs-mtls-second-url-unchecked",
        "the second URL takes tokens without their certificate",
        "RFC8705-3-cert-match RFC8705-3-no-cert",
    ),
    (
        "as-mtls-wildcard-matches",
        "a wildcard in a certificate covers a registered name",
        "RFC8705-2.1-subject-match",
    ),
    ("as-mtls-dn-order-ignored", "distinguished names are compared as sets", "RFC8705-2.1-dn-comparison"),
    (
        "as-mtls-dn-bytes-compared",
        "distinguished names are compared by their bytes",
        "RFC8705-2.1-dn-comparison",
    ),
    (
        "as-mtls-certificate-pinned",
        "tls_client_auth takes the first certificate and no renewed one",
        "RFC8705-2.1-chain RFC8705-2.1-dn-comparison RFC8705-2.1-rotation",
    ),
    (
        "as-mtls-any-registered",
        "an mTLS client may show the certificate of any client",
        "RFC8705-2-client-binding RFC8705-2.2-registered-certificate",
    ),
    (
        "as-self-signed-subject-compared",
        "self_signed_tls_client_auth compares subjects",
        "RFC8705-2.2-registered-certificate",
    ),
    (
        "as-self-signed-key-compared",
        "self_signed_tls_client_auth compares keys",
        "RFC8705-2.2-registered-certificate",
    ),
    (
        "as-mtls-second-method-wins",
        "an mTLS client with any client_secret needs no certificate",
        "RFC8705-2-client-binding",
    ),
    (
        "as-mtls-refresh-unauthenticated",
        "an mTLS client refreshes without its certificate",
        "RFC8705-7.1-refresh-confidential",
    ),
    (
        "as-mtls-binds-registered",
        "without mutual TLS a token is bound to the registered certificate",
        "RFC8705-3-proved-certificate RFC8705-3.4-no-mtls",
    ),
    (
        "as-mtls-code-unbound",
        "the code grant does not bind to the certificate",
        f"{_FAPI} RFC8705-3-cert-match RFC8705-3-no-cert RFC8705-3.1-cnf-x5t RFC8705-4-public-bound",
    ),
    (
        "as-mtls-extensions-unbound",
        "grants other than client credentials and codes do not bind to the certificate",
        "RFC8705-3.1-cnf-x5t",
    ),
    (
        "as-x5t-of-pem",
        "x5t#S256 is the hash of the PEM text",
        "RFC8705-3.1-x5t-value RFC8705-3.2-introspection-x5t RFC8705-7.2-sha256",
    ),
    (
        "as-introspection-demands-certificate",
        "introspection is for clients with certificates only",
        "RFC8705-6.1-optional-cert",
    ),
    ("as-metadata-aliases-list", "mtls_endpoint_aliases is a list", "RFC8705-5-aliases"),
    ("as-metadata-alias-http", "an alias is a plain http URL", "RFC8705-5-alias-function RFC8705-5-aliases"),
    (
        "as-alias-revocation-missing",
        "the alias of the revocation endpoint is not there",
        "RFC8705-5-alias-function",
    ),
    (
        "as-metadata-secrets-only",
        "the metadata lists only secrets for client authentication",
        "RFC9700-2.5-asymmetric-client-auth",
    ),
    (
        "as-both-unbound",
        "a certificate and a proof together give an unbound token",
        "FAPI2SP-5.3.2.1-constraint-method",
    ),
    (
        "as-trusts-certificate-header",
        "a certificate in any well-known header counts at the authorization server",
        f"RFC8705-2-handshake RFC8705-3-proved-certificate {_SPOOFED}",
    ),
    (
        "rs-mtls-subject-compared",
        "a bound token works with any certificate of the subject",
        "RFC8705-3-cert-match RFC8705-6.3-renewed-cert",
    ),
    (
        "rs-mtls-key-compared",
        "a bound token works with any certificate of the key",
        "RFC8705-3-cert-match RFC8705-6.3-renewed-cert",
    ),
    (
        "rs-mtls-issuer-compared",
        "a bound token works with any certificate of the CA",
        f"{_FAPI} RFC8705-3-cert-match RFC8705-3.2-introspecting-rs-checks RFC8705-6.3-renewed-cert",
    ),
    (
        "rs-mtls-opaque-unchecked",
        "the certificate is not compared for opaque tokens",
        f"{_FAPI} RFC8705-3-cert-match RFC8705-3-no-cert RFC8705-3.2-introspecting-rs-checks "
        "RFC8705-6.3-renewed-cert",
    ),
    (
        "rs-mtls-unchecked-under-dpop",
        "a certificate-bound token under the DPoP scheme needs no certificate",
        "RFC8705-3-no-cert",
    ),
    (
        "rs-mtls-only-get-checked",
        "only GET compares the certificate",
        "RFC8705-3-cert-match RFC8705-3-no-cert",
    ),
    ("rs-form-token-unbound", "a token in a form needs no certificate", "RFC8705-3-no-cert"),
    (
        "rs-both-only-proof-checked",
        "a token bound to key and certificate needs the key only",
        "RFC8705-3-cert-match RFC8705-3-no-cert",
    ),
    (
        "rs-both-only-certificate-checked",
        "a token bound to key and certificate needs the certificate only",
        "RFC9449-4.3-key-match RFC9449-7.1-proof-present RFC9449-7.2-bearer-downgrade",
    ),
    (
        "rs-trusts-certificate-header",
        "a certificate in any well-known header counts at the resource server",
        f"RFC8705-3-cert-from-tls RFC9440-4-trusted-proxy {_SPOOFED}",
    ),
    (
        "rs-backend-trusts-header",
        "the port behind the proxy takes a certificate header from anybody",
        "RFC9440-4-trusted-proxy",
    ),
    ("rs-resumption-loses-certificate", "a resumed TLS session has no certificate", "RFC9440-3.3-resumption"),
    (
        "rs-resumption-trusted",
        "on a resumed TLS session the certificate is not compared",
        "RFC8705-3-cert-match RFC8705-3-no-cert",
    ),
    (
        "rs-certificate-unseen-on-tls-1-2",
        "over TLS 1.2 no certificate is seen",
        "FAPI2SP-5.2.1-tls RFC9440-3.3-resumption",
    ),
    (
        "rs-mtls-unchecked-on-tls-1-2",
        "over TLS 1.2 the certificate is not compared",
        "RFC8705-3-cert-match RFC8705-3-no-cert",
    ),
    (
        "as-plain-endpoint-unauthenticated",
        "where the endpoint is no alias, the name of an mTLS client is enough",
        "RFC8705-2-client-binding RFC8705-2-handshake",
    ),
    (
        "as-plain-endpoint-unbound",
        "tokens from an endpoint that is no alias are not bound",
        "RFC8705-5-alias-function",
    ),
    ("as-htu-alias-merged", "htu of the endpoint and of its alias are one", "RFC9449-4.3-htu"),
    (
        "as-mtls-client-proof-ignored",
        "the proof of a client that authenticates by certificate is not read",
        "RFC9449-5-token-bound",
    ),
    (
        "as-certificate-excludes-secret",
        "a secret does not count on a connection with a certificate",
        "RFC8705-6.1-optional-cert",
    ),
    (
        "as-mtls-refresh-neither",
        "a public client's refresh token is neither bound to the certificate nor rotated",
        "RFC8705-4-refresh-bound-public RFC9700-2.2.2-public-refresh",
    ),
    (
        "as-mtls-issuer-for-subject",
        "tls_client_auth looks for the name in the issuer as well",
        "RFC8705-2.1-subject-match",
    ),
    (
        "as-mtls-dn-contained",
        "a subject that begins with the registered one will do",
        "RFC8705-2.1-dn-comparison",
    ),
    (
        "as-mtls-name-prefix",
        "an alternative name that begins with the registered one will do",
        "RFC8705-2.1-subject-match",
    ),
    (
        "as-jwks-uri-kept",
        "what is at a client's jwks_uri is fetched once and never again",
        "RFC8705-2.2-registered-certificate",
    ),
    (
        "as-jwks-uri-old-kept",
        "a certificate that was once at a client's jwks_uri is good for ever",
        "RFC8705-2.2-registered-certificate",
    ),
    (
        "rs-trailers-merged",
        "trailer fields count as header fields, a certificate among them",
        "RFC8705-3-cert-from-tls RFC9700-4.13-sanitized-headers",
    ),
    (
        "as-jwks-uri-odd-key-fatal",
        "one key of unknown type at a jwks_uri spoils the others",
        "RFC8705-2.2-no-chain",
    ),
    ("rs-query-token-unbound", "a token in the query needs no certificate", "RFC8705-3-no-cert"),
    (
        "as-mtls-tokens-only",
        "at introspection and revocation the name of an mTLS client is enough",
        "RFC8705-2-client-binding RFC8705-2-handshake",
    ),
]

# What faults declared elsewhere break of mutual TLS.
ALSO = {
    "as-mtls-code-unbound": "RFC8705-6.3-renewed-cert",
    "as-mtls-certificate-optional": "RFC8705-7.1-refresh-confidential RFC9126-2.1-client-auth",
    "as-mtls-any-certificate": "RFC9126-2.1-client-auth RFC8705-2-handshake RFC8705-2.1-chain "
    "RFC8705-2.1-dn-comparison "
    "RFC8705-7.1-refresh-confidential",
    "as-x5t-missing": f"FAPI2SP-5.3.2.1-constraint-method {_FAPI} "
    "RFC8705-3.2-introspecting-rs-checks "
    "RFC8705-3.4-registration-bound RFC8705-6.3-renewed-cert",
    "rs-mtls-certificate-optional": f"{_FAPI} RFC8705-3.2-introspecting-rs-checks",
    "rs-mtls-any-certificate": f"{_FAPI} RFC8705-3.2-introspecting-rs-checks RFC8705-6.3-renewed-cert",
    "as-x5t-of-key": "RFC8705-3-cert-match RFC8705-6.3-renewed-cert",
    "rs-query-token-ok": "RFC8705-3-no-cert",
    "as-refresh-any-client": "RFC8705-7.1-refresh-confidential",
    "rs-token-x5t-not-compared": f"{_FAPI} RFC8705-3.2-introspecting-rs-checks RFC8705-6.3-renewed-cert",
    "rs-executes-before-verifying": "RFC8705-3-cert-match RFC8705-3-no-cert",
    "rs-opaque-cnf-ignored": f"{_FAPI} RFC8705-3.2-introspecting-rs-checks RFC8705-6.3-renewed-cert",
}
