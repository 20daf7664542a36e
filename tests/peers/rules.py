"""What one server does where servers differ, and the one thing it does wrong."""

import time
from dataclasses import dataclass

PLACES = frozenset({"token", "par", "rs", "userinfo"})
AS = frozenset({"token", "par"})
RS = frozenset({"rs", "userinfo"})
LAWFUL_ALGS = ("ES256", "ES384", "RS256", "PS256", "EdDSA")


@dataclass(frozen=True)
class Rules:
    """The habits of a server. The defaults are the variant `plain`."""

    # DPoP proofs
    past: float = 60  # seconds an `iat` may lie back
    future: float = 30
    clock: float = 0  # seconds this server's clock is ahead
    replay: str = "key"  # a `jti` counts once: key (of one key) | jti (of all) | htu (and URI) | none
    htu: str = "normal"  # normal (RFC 3986) | exact | lenient (also user info and a last slash)
    htm_case: bool = True
    typ_media: bool = False  # other spellings of the media type count too
    algs: tuple[str, ...] = LAWFUL_ALGS
    empty_absent: bool = False  # an empty header is no header
    exp_checked: bool = False  # `exp` and `nbf` in a proof count
    json_twice: str = "last"  # of a member that comes twice counts: last | first | refused
    jti_length: int = 1 << 30
    # nonces
    # off | always (a new one on every answer) | errors | single (and only once) | newest (only the last one)
    nonce: str = "off"
    nonce_first: bool = False
    nonce_seconds: float = 300
    iat_with_nonce: bool = True
    shared_nonces: bool = False
    refuse_extra: frozenset[str] = frozenset()  # at the token endpoint: nonce, ath
    # errors
    as_error: str = "invalid_dpop_proof"
    as_status: int = 400
    rs_error: str = "invalid_dpop_proof"
    rs_status: int = 401
    challenge: str = "lines"  # lines | one-line | bare
    rs_text: bool = False  # the RS refuses in plain text
    refresh_status: int = 400
    # tokens
    token: str = "jwt"
    token_type: str = "DPoP"
    token_seconds: int = 600
    refresh_bound: bool = False  # of confidential clients too
    rotate: bool = False
    family: bool = False  # misuse ends all refresh tokens of that consent
    burn_code: bool = False  # a code is used up also by a bad proof
    code_reuse_revokes: bool = False  # what was issued for a code ends when it comes again
    # endpoints
    issuer_path: str = ""
    token_path: str = "/token"
    metadata: str = "both"  # both | oauth | openid
    announce: bool = True  # the metadata and the challenges say that there is DPoP
    registration: str = ""  # the registration endpoint is: open | closed (wants a token of its own)
    par: bool = True
    introspection: bool = True
    userinfo_dpop: bool = True
    resource_query: str = ""
    extra: bool = False  # unknown members in every JSON answer
    # wire
    delay: float = 0
    rate: int = 0
    close: bool = False
    chunked: bool = False
    lower: bool = False
    cache: str = "no-store"
    cors: str = ""  # full | hidden (no header is exposed)
    joined: bool = False  # equal header fields become one with commas, of Authorization the first counts
    header_limit: int = 1 << 20  # bytes of one header field
    http10: bool = False
    tls: str = "any"  # client certificates: any (the application decides) | known (alert for strangers)
    tls12: bool = False
    layout: str = "one"  # one port | aliases (second port for mTLS) | walled (RS wants a certificate)
    walled_dpop: bool = False  # DPoP clients have a certificate for that port too
    # the defect
    bug: str = ""
    places: frozenset[str] = PLACES

    def has(self, bug, place=None):
        return self.bug == bug and (place is None or place in self.places)

    def now(self):
        return time.time() + self.clock
