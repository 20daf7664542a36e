"""Faults of the authorization server that are asked for by name."""

AS: list[tuple[str, str]] = [
    ("proof-error-code", "a bad proof is answered server_error"),
    ("proof-error-not-json", "a bad proof is answered with a page"),
    ("small-rsa-ok", "RSA keys below 2048 bits are taken"),
    ("rsa-exponent-one-ok", "an RSA key with exponent 1 is taken"),
    ("empty-header-says-dpop", "an empty DPoP header yields a token that is called DPoP"),
    ("iat-nothing-ahead", "an iat ahead of the server's clock is refused, however little"),
    ("iat-two-minutes-ahead", "an iat may be two minutes ahead"),
]

FLOWS: list[tuple[str, str]] = [
    ("as-code-proof-unverified", "the signature of a proof is not verified for the grant authorization_code"),
    ("as-refresh-proof-unverified", "the signature of a proof is not verified for the grant refresh_token"),
    ("as-device-proof-unverified", "the signature of a proof is not verified for the grant device_code"),
    ("as-exchange-proof-unverified", "the signature of a proof is not verified for the grant token exchange"),
    ("as-ciba-proof-unverified", "the signature of a proof is not verified for the grant CIBA"),
    ("as-jwt-bearer-proof-unverified", "the signature of a proof is not verified for the grant jwt-bearer"),
    ("as-device-proof-unchecked", "the signature of a proof is not verified where a device flow starts"),
    ("rs-userinfo-post-proof-unverified", "the signature of a proof is not verified for a POST to userinfo"),
    ("rs-head-proof-unverified", "the signature of a proof is not verified for HEAD requests"),
    ("rs-post-proof-unverified", "the signature of a proof is not verified for POST requests"),
    ("rs-second-url-proof-unverified", "the signature of a proof is not verified for the second URL"),
    (
        "rs-signature-unchecked-for-ps256-opaque",
        "the signature of a PS256 proof is not verified with opaque tokens",
    ),
]
