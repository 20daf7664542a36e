"""Faults about time, replay, nonces and the received URI: (name, what is wrong, requirements)."""

"""Faults about time, replay, nonces and the received URI: (id, what is wrong, requirements), as in `faults`."""

_REPLAY, _HARMLESS = "RFC9449-11.1-jti-replay", "KEYBOUND-refusal-harmless"

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
    ("nonce-numbered", "nonces are a counter behind a fixed text", "RFC9449-8-nonce-unpredictable"),
]

# What a fault breaks on one side only.
ALSO: dict[str, str] = {}

RS = [
    ("replay-get-only", "used proofs are remembered for GET only", _REPLAY),
]
