"""Faults about time, replay, nonces and the received URI: (name, what is wrong, requirements)."""

"""Faults about time, replay, nonces and the received URI: (id, what is wrong, requirements), as in `faults`."""

_REPLAY, _HARMLESS = "RFC9449-11.1-jti-replay", "KEYBOUND-refusal-harmless"

REPLAYED = "RFC9700-4.10.1-proof-replay ATPROTO-dpop-jti-replay"  # by the same bytes

# Each exists twice, at the authorization server (as-) and the resource server (rs-).
BOTH = [
    ("replay-memory-short", "a used proof is remembered for its past, not for its whole life", _REPLAY),
    ("replay-store-small", "only the last thousand used proofs are remembered", _REPLAY),
    ("replay-by-url", "a used proof is remembered with the query of its request", _REPLAY),
    ("replay-by-htu-text", "a used jti is remembered with htu as it was written", _REPLAY),
    ("replay-by-jti-alone", "a used jti is used up for everybody", _HARMLESS),
    ("jti-stored-early", "a jti is used up before the signature is looked at", _HARMLESS),
    ("jti-burned-by-nonce", "a jti is used up by a request that only lacked a nonce", _HARMLESS),
    ("nonce-forever", "a nonce never ends", "ATPROTO-dpop-nonce-lifetime"),
    ("nonce-newest-only", "only the newest nonce counts", "ATPROTO-dpop-nonce-stale"),
    (
        "nonce-unusable",
        "the nonce that comes with a success is not known afterwards",
        "RFC9449-8.2-nonce-usable",
    ),
    ("nonce-of-other-ok", "the nonces of the other server are taken too", "RFC9449-9-nonce-issuer"),
    ("nonce-on-errors-only", "a success brings no nonce", "ATPROTO-dpop-nonce-everywhere"),
    (
        "other-overrides-trusted",
        "X-HTTP-Method, X-Method-Override or _method replaces the method",
        "RFC9449-4.3-htm",
    ),
    ("forwarded-port-trusted", "X-Forwarded-Port from anybody replaces the port", "RFC9449-4.3-htu"),
    ("rewrite-url-trusted", "X-Rewrite-URL from anybody replaces the path", "RFC9449-4.3-htu"),
    (
        "host-userinfo-cut",
        "of a Host field what follows an @ replaces the server's own name",
        "RFC9449-4.3-htu",
    ),
    ("absolute-form-trusted", "a URL in the first line replaces the server's own name", "RFC9449-4.3-htu"),
    ("nonce-numbered", "nonces are a counter behind a fixed text", "RFC9449-8-nonce-unpredictable"),
]

AS = [
    (
        "iat-nothing-ahead",
        "an iat ahead of the server's clock is refused, however little",
        "FAPI2SP-5.3.2.1-iat-10s",
    ),
    ("iat-two-minutes-ahead", "an iat may be two minutes ahead", "FAPI2SP-5.3.2.1-iat-60s"),
    ("metadata-algs-partial", "RS256 is taken and not advertised", "RFC9449-5.1-signing-algs"),
    ("long-lived-tokens", "access tokens are good for a week", "RFC9449-11.2-token-lifetime"),
    ("nonce-burns-code", "a request that only lacked a nonce uses up its code or refresh token", _HARMLESS),
    ("code-burned", "a bad proof uses up the code or refresh token that came with it", _HARMLESS),
]

# What a fault breaks on one side only.
ALSO: dict[str, str] = {
    "as-nonce-forever": "RFC9449-8-nonce-mismatch",
    "rs-nonce-forever": "RFC9449-4.3-nonce",
}

RS = [
    ("revoked-token-ok", "nobody asks whether a token was revoked", "FAPI2SP-5.3.4-token-validity"),
    (
        "ended-token-ok",
        "nobody looks whether a token has come to its end",
        "RFC6749-7-token-valid FAPI2SP-5.3.4-token-validity",
    ),
    ("iat-ten-minutes", "an iat may be ten minutes off", "MCP-dpop-proof-checks"),
    ("replay-get-only", "used proofs are remembered for GET only", _REPLAY),
]
