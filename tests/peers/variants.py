"""Lawful servers, of which keybound may not complain: a name, a line and its rules. And all the defects."""

from dataclasses import replace

from peers import bad_certificates, bad_proofs, bad_servers
from peers.rules import Rules

VARIANTS = {
    "plain": ("the defaults", {}),
    # time
    "window-5": ("iat may be 5 s off", {"past": 5, "future": 5}),
    "window-600": ("iat may be 600 s off", {"past": 600, "future": 600}),
    "no-future": ("an iat 1 s ahead is refused", {"future": 0}),
    "clock-fast": ("the clock is 20 s ahead, the window 10 s", {"clock": 20, "past": 10, "future": 10}),
    "clock-slow": ("the clock is 20 s behind, the window 10 s", {"clock": -20, "past": 10, "future": 10}),
    "exp-checked": ("exp and nbf in a proof count", {"exp_checked": True}),
    # replay
    "no-replay-store": ("a proof works as long as it is fresh", {"replay": "none"}),
    "replay-by-jti": ("a jti works once, whoever signs", {"replay": "jti"}),
    "replay-by-jti-and-htu": ("a jti works once for each URI", {"replay": "htu"}),
    # comparisons
    "htu-exact": ("htu is compared as a string", {"htu": "exact"}),
    "htu-lenient": ("user info and a last slash in htu do not matter", {"htu": "lenient"}),
    "htm-any-case": ("htm is compared without case", {"htm_case": False}),
    "typ-media-type": ("typ is compared as a media type", {"typ_media": True}),
    "empty-header-absent": ("an empty DPoP header is no header", {"empty_absent": True}),
    "duplicates-refused": ("a JSON member that comes twice is refused", {"json_twice": "refused"}),
    "jti-256": ("a jti may have 256 letters", {"jti_length": 256}),
    # algorithms
    "rs256-only": ("RS256 only", {"algs": ("RS256",)}),
    "ps256-only": ("PS256 only", {"algs": ("PS256",)}),
    "eddsa-only": ("EdDSA only", {"algs": ("EdDSA",)}),
    # errors
    "rs-400": ("the RS answers 400 to a bad proof", {"rs_status": 400}),
    "rs-invalid-token": ("the RS says invalid_token for a bad proof", {"rs_error": "invalid_token"}),
    "as-invalid-request": ("the AS says invalid_request for a bad proof", {"as_error": "invalid_request"}),
    "as-invalid-grant": ("the AS says invalid_grant for a bad proof", {"as_error": "invalid_grant"}),
    "as-401": ("the AS answers 401 to a bad proof", {"as_status": 401}),
    "refresh-403": ("refreshing with another key is a 403", {"refresh_status": 403}),
    "challenge-one-line": ("both challenges in one header field", {"challenge": "one-line"}),
    "challenge-bare": ("the challenge has only an error", {"challenge": "bare"}),
    "rs-text": ("the RS refuses in plain text", {"rs_text": True}),
    # nonces
    "nonce-always": ("nonces needed, a new one on every answer", {"nonce": "always"}),
    "nonce-errors": (
        "nonces needed, given only with errors, good for 20 s",
        {"nonce": "errors", "nonce_seconds": 20},
    ),
    "nonce-single": ("a nonce works once, a new one on every answer", {"nonce": "single"}),
    "nonce-newest": ("only the newest nonce is good", {"nonce": "newest"}),
    "nonce-short": ("a nonce is good for 5 s", {"nonce": "always", "nonce_seconds": 5}),
    "nonce-first": ("the nonce is looked at before anything else", {"nonce": "errors", "nonce_first": True}),
    "nonce-iat-ignored": (
        "the nonce is the clock, iat only has to be there",
        {"nonce": "always", "iat_with_nonce": False},
    ),
    "nonce-shared": ("AS and RS share their nonces", {"nonce": "always", "shared_nonces": True}),
    "extra-nonce-refused": (
        "the AS refuses a nonce it did not ask for",
        {"refuse_extra": frozenset({"nonce"})},
    ),
    "extra-ath-refused": ("the AS refuses ath", {"refuse_extra": frozenset({"ath"})}),
    # tokens
    "opaque": ("access tokens are random strings", {"token": "opaque"}),
    "token-type-lower": ("token_type is dpop", {"token_type": "dpop"}),
    "refresh-bound": ("refresh tokens of confidential clients are bound", {"refresh_bound": True}),
    "rotation": ("refresh tokens work once", {"rotate": True}),
    "family-revoked": ("misuse ends all refresh tokens of a consent", {"rotate": True, "family": True}),
    "code-reuse-revokes": (
        "what was issued for a code ends when it comes again",
        {"code_reuse_revokes": True},
    ),
    "token-60": ("access tokens last 60 s", {"token_seconds": 60}),
    "code-burned": ("a bad proof uses up the code", {"burn_code": True}),
    # endpoints
    "userinfo-plain": ("userinfo knows no DPoP", {"userinfo_dpop": False}),
    "no-introspection": ("no introspection", {"introspection": False}),
    "no-par": ("no PAR", {"par": False}),
    "issuer-path": ("the issuer has a path", {"issuer_path": "/tenant/one"}),
    "token-deep": ("the token endpoint lies deep", {"token_path": "/v1/oauth2/eu/token/issue"}),
    "metadata-oauth": ("only RFC 8414 metadata, below a path", {"metadata": "oauth", "issuer_path": "/a"}),
    "metadata-openid": ("only OpenID metadata, below a path", {"metadata": "openid", "issuer_path": "/a"}),
    "resource-query": ("the resource has a query it needs", {"resource_query": "view=full&x=1"}),
    "extra-members": ("unknown members in all JSON", {"extra": True}),
    "unannounced": ("neither metadata nor challenges speak of algorithms", {"announce": False}),
    "registration": ("anybody may register clients", {"registration": "open"}),
    "registration-closed": ("registering takes a token nobody has", {"registration": "closed"}),
    # wire
    "header-limit": ("431 for a header field of more than 8,000 bytes", {"header_limit": 8000}),
    "joined": ("equal header fields are joined, of Authorization the first counts", {"joined": True}),
    "cors": ("scripts of any origin may call and read the headers", {"cors": "full"}),
    "cache-words": ("not to be cached, in other words", {"cache": "private, no-cache, no-store, max-age=0"}),
    "slow": ("150 ms an answer", {"delay": 0.15}),
    "rate-limited": ("now and then 429 for a second", {"rate": 60}),
    "close": ("every answer closes the connection", {"close": True}),
    "chunked": ("answers come in chunks", {"chunked": True}),
    "lower-case": ("header names in lower case", {"lower": True}),
    "http-1.0": ("HTTP/1.0 answers, the end of the connection ends the body", {"http10": True}),
    # mutual TLS
    "tls-alert": ("strangers' certificates end in an alert", {"tls": "known"}),
    "tls-1.2-alert": ("the same with TLS 1.2", {"tls": "known", "tls12": True}),
    "mtls-aliases": ("mutual TLS has its own port", {"layout": "aliases"}),
    "mtls-walled": ("the RS wants a certificate from everybody", {"layout": "walled"}),
    "mtls-walled-dpop": ("the same, DPoP clients have one too", {"layout": "walled", "walled_dpop": True}),
    # several at once
    "opaque-nonce-rotation": (
        "opaque tokens, single nonces, rotation, narrow window",
        {"token": "opaque", "nonce": "single", "rotate": True, "past": 10, "future": 2},
    ),
    "grumpy": (
        "everything strict: exact htu, 400s, bare challenges, no future, EdDSA",
        {
            "htu": "exact",
            "rs_status": 400,
            "challenge": "bare",
            "future": 0,
            "algs": ("EdDSA",),
            "as_error": "invalid_request",
        },
    ),
}

LIST = [*bad_proofs.LIST, *bad_servers.LIST, *bad_certificates.LIST]
DEFECTS = {defect.name: defect for defect in LIST}


# These slow all the others down, or cannot be true together with some.
APART = {"plain", "slow", "rate-limited", "http-1.0", "extra-nonce-refused"}
MOST = 4


def joined():
    """Return names that cover every variant: of one alone, or of several in one server, as "window-5+no-par"."""
    servers = [[name] for name in VARIANTS if name in APART]
    for name, (_, rules) in VARIANTS.items():
        if name in APART:
            continue
        fitting = (
            server
            for server in servers
            if len(server) < MOST
            and not APART.intersection(server)
            and not any(rules.keys() & VARIANTS[other][1].keys() for other in server)
        )
        server = next(fitting, None)
        if server is None:
            servers.append([name])
        else:
            server.append(name)
    return ["+".join(server) for server in servers]


def rules_for(variant, defect=None):
    """The rules of a variant, or of several joined by +, or of a defect (on top of the variant)."""
    rules = Rules()
    for name in variant.split("+"):
        rules = replace(rules, **VARIANTS[name][1])
    return replace(rules, **DEFECTS[defect].rules) if defect else rules


assert len(DEFECTS | VARIANTS) == len(LIST) + len(VARIANTS), "two peers have one name"
