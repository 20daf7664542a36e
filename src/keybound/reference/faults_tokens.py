"""Faults of a resource server alone: what it gets wrong about tokens of an issuer elsewhere, and in its metadata."""

_KEY = (
    "RFC9449-4.3-key-match RFC9449-6-binding-known RFC9449-6.2-introspecting-rs-checks RFC9449-7.1-no-access"
)
_CERTIFICATE = "RFC8705-3-cert-match RFC8705-3-no-cert RFC7800-3.1-every-binding"

TOKENS = [
    ("token-jwt-cached-too-long", "a verified token is remembered beyond exp", "RFC9068-4-exp"),
    (
        "token-signature-not-verified",
        "the signature of a token is not verified",
        "RFC9068-4-signature RFC9068-4-issuer-keys FAPI2SP-5.3.4-token-validity",
    ),
    ("token-empty-signature-ok", "an empty signature counts as verified", "RFC9068-4-signature"),
    (
        "token-unknown-kid-ok",
        "a token whose kid is unknown is not verified",
        "RFC9068-4-signature RFC9068-4-issuer-keys",
    ),
    ("token-wrong-error", "a bad token is answered 403", "RFC9068-4-error RFC6750-3.1-error-status"),
    (
        "token-introspected-type-believed",
        "what introspection calls Bearer is not bound",
        "RFC9449-7.2-bearer-downgrade",
    ),
    ("token-alg-none-ok", "an unsigned token is taken", "RFC9068-4-alg-none"),
    ("token-hmac-ok", "HS256 with the issuer's public key as the secret is taken", "RFC9068-4-signature"),
    ("token-jku-ok", "the key is fetched from where the token's jku says", "RFC9068-4-issuer-keys"),
    ("token-header-jwk-ok", "the key in the token's own header verifies it", "RFC9068-4-issuer-keys"),
    ("token-kid-ignored", "any key of the set may verify, whatever kid says", "RFC9068-4-issuer-keys"),
    ("token-typ-not-compared", "any JWT of the issuer is an access token", "RFC9068-4-typ RFC9701-8.1-typ"),
    ("token-iss-not-compared", "iss may be anything", "RFC9068-4-iss RFC7662-2.2-claims"),
    ("token-iss-prefix-ok", "iss needs only to begin right", "RFC9068-4-iss"),
    ("token-aud-prefix-ok", "aud needs only to begin right", "RFC9068-4-aud"),
    (
        "token-binding-loosely-compared",
        "jkt and x5t#S256 are compared without their case, and as far as they go",
        "RFC9449-4.3-key-match RFC8705-3-cert-match",
    ),
    (
        "token-aud-not-compared",
        "aud may be anything",
        "RFC9068-4-aud RFC7662-2.2-claims RFC9700-2.3-audience-checked RFC9700-4.9.3-compromised-rs",
    ),
    (
        "token-exp-not-checked",
        "an expired token is taken",
        "RFC9068-4-exp RFC7662-2.2-claims FAPI2SP-5.3.4-token-validity",
    ),
    ("token-exp-optional", "a token without exp is good forever", "RFC9068-2.2-exp"),
    ("token-nbf-ignored", "a token is taken before its time", "RFC7519-4.1.4-exp-nbf RFC7662-2.2-claims"),
    ("token-active-ignored", "active in an introspection response is not read", "RFC7662-2.2-active"),
    ("token-active-truthy-ok", 'active = "false" counts as true', "RFC7662-2.2-active"),
    (
        "token-introspected-claims-ignored",
        "exp, nbf, iss and aud of a response are not read",
        "RFC7662-2.2-claims",
    ),
    (
        "token-cached-too-long",
        "an introspection response is kept beyond exp",
        "RFC7662-4-cache RFC7662-4-revoked",
    ),
    (
        "token-unbound-ok",
        "a token that is bound to nothing is taken",
        "RFC9449-7.1-unbound-token RFC7800-3.1-cnf-object",
    ),
    (
        "token-odd-cnf-ok",
        "a cnf that is no object counts as no binding",
        "RFC9449-7.1-unbound-token RFC7800-3.1-cnf-object",
    ),
    (
        "token-odd-binding-ok",
        "a jkt or x5t#S256 that is no text counts as no binding",
        "RFC9449-4.3-key-match RFC8705-3-cert-match",
    ),
    (
        "token-padded-binding-ok",
        "padding in jkt and x5t#S256 is dropped",
        "RFC9449-4.3-key-match RFC8705-3-cert-match",
    ),
    ("token-jkt-not-compared", "any key serves for a token of a foreign issuer", _KEY),
    ("token-x5t-not-compared", "any certificate serves for a token of a foreign issuer", _CERTIFICATE),
    (
        "token-one-binding-checked",
        "of two bindings only one is checked",
        "RFC7800-3.1-every-binding RFC9449-7.2-bearer-downgrade",
    ),
    (
        "token-unknown-cnf-member-refused",
        "cnf with an unknown member is refused",
        "RFC7800-3.1-unknown-members",
    ),
    ("metadata-other-resource", "the metadata names another resource", "RFC9728-3.3-resource"),
    ("metadata-empty-array", "the metadata has an empty array", "RFC9728-3.2-no-empty"),
    ("metadata-not-json", "the metadata is served as text/plain", "RFC9728-3.2-json"),
    ("metadata-algs-none", "the metadata lists the algorithm none", "RFC9728-2-dpop-algs"),
    (
        "metadata-says-dpop-required",
        "tokens without a DPoP binding work though the metadata denies it",
        "RFC9728-2-dpop-required",
    ),
    ("metadata-without-resource", "the metadata does not name its resource", "RFC9728-2-resource"),
    (
        "metadata-algs-unsupported",
        "the metadata lists an algorithm that does not work",
        "RFC9728-2-dpop-algs",
    ),
    (
        "metadata-flag-string",
        "the flags of the metadata are strings",
        "RFC9728-2-mtls-bound RFC9728-2-dpop-required",
    ),
    ("metadata-not-served", "the challenge points to metadata that is not there", "RFC9728-3-well-known"),
    (
        "challenge-other-metadata",
        "the challenge points to the metadata of another resource",
        "RFC9728-5.1-challenge",
    ),
    (
        "token-response-not-verified",
        "the signature of an introspection response is not verified",
        "RFC9701-5-verified",
    ),
    ("token-response-unsigned-ok", "plain JSON is taken for a signed response", "RFC9701-5-verified"),
    (
        "token-response-typ-ignored",
        "any JWT of the issuer is an introspection response",
        "RFC9701-5-verified",
    ),
    ("token-response-issuer-ignored", "an introspection response may be anybody's", "RFC9701-5-verified"),
    (
        "token-response-audience-ignored",
        "an introspection response may be for another resource server",
        "RFC9701-5-audience",
    ),
    ("token-header-x5c-ok", "the key of the certificate in x5c verifies a token", "RFC9068-4-issuer-keys"),
    ("token-crit-ignored", "crit in the header of a token is not read", "RFC7515-4.1.11-crit"),
    ("token-long-typ-refused", "typ application/at+jwt is refused", "RFC9068-4-typ"),
    (
        "token-aud-array-refused",
        "aud as an array is refused",
        "RFC9068-4-aud",
    ),
    (
        "token-fraction-refused",
        "an exp with a fraction is refused",
        "RFC7519-4.1.4-exp-nbf",
    ),
    ("token-introspected-type-wanted", "a response without token_type is refused", "RFC7662-2.2-claims"),
    ("token-revocation-unnoticed", "an active token is active for ten minutes", "RFC7662-4-revoked"),
    ("small-rsa-ok", "RSA keys below 2048 bits are taken", "RFC7518-3.3-rsa-2048 FAPI2SP-5.4.1-rsa-2048"),
    ("rsa-exponent-one-ok", "an RSA key with exponent 1 is taken", "RFC8725-3.2-current-algorithms"),
]
"""(name, what is wrong, requirements it turns red) of each; ids get the prefix rs-."""

ALONE = frozenset(f"rs-{name}" for name, _, _ in TOKENS)
"""Faults that only a resource server alone shows."""

# What faults of every resource server turn red besides, where the tokens can be hostile too.
ALSO_ALONE = {
    "rs-bad-token-blamed-on-proof": "RFC9068-4-error",
    **dict.fromkeys(
        ("rs-refuses-eddsa", "rs-refuses-es256", "rs-refuses-es384", "rs-refuses-rsa"), "RFC9728-2-dpop-algs"
    ),
    "rs-mtls-any-certificate": "RFC7800-3.1-every-binding",
    "rs-opaque-cnf-ignored": "RFC9449-7.2-bearer-downgrade",
}

# What faults turn red only where there is an authorization server as well: it takes userinfo, revocation, a token for a
# client without a proof, one that it binds to a key and a certificate, or another server's nonce.
NOT_ALONE = {
    "rs-htu-any-endpoint": "RFC9449-4.3-htu RFC9449-7.1-proof-checked",
    "rs-unbound-token-ok": "RFC9449-7.1-unbound-token",
    "rs-any-key": "RFC9449-7.1-unbound-token",
    "rs-bearer-refused": "RFC6750-2.1-bearer-header",
    "rs-nonce-any": "RFC9449-9-nonce-issuer",
    "rs-nonce-of-other-ok": "RFC9449-9-nonce-issuer",
    "rs-scope-ignored": "FAPI2SP-5.3.4-sufficient-scope",
    "rs-scope-wrong-status": "RFC6750-3.1-error-status",
    "rs-revoked-token-ok": "FAPI2SP-5.3.4-token-validity",
    "rs-ended-token-ok": "FAPI2SP-5.3.4-token-validity RFC6749-7-token-valid",
    "rs-opaque-cnf-ignored": "FAPI2SP-5.3.4-constraint-checked RFC8705-6.3-renewed-cert",
    "rs-mtls-opaque-unchecked": "FAPI2SP-5.3.4-constraint-checked RFC8705-6.3-renewed-cert",
    "rs-both-only-proof-checked": "RFC8705-3-cert-match RFC8705-3-no-cert",
    "rs-both-only-certificate-checked": "RFC9449-4.3-key-match RFC9449-7.1-proof-present RFC9449-7.2-bearer-downgrade",
}
