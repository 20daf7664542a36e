"""Defects in what the two servers issue, say and admit."""

from peers.defect import at, plain

ROTATION = {"rotate": True}

LIST = [
    # what the AS issues
    *at(
        "token",
        "AS",
        "fallback",
        {
            "bad-proof-bearer": "a bad proof gets a Bearer token",
            "malformed-bearer": "so does a malformed one",
        },
    ),
    *plain(
        "AS",
        "cnf",
        {
            "no-cnf": "token_type is DPoP and nothing is bound",
            "cnf-wrong-key": "after a refresh cnf.jkt is of the server's key",
            "cnf-stale": "cnf.jkt is of the client's first key",
            "jkt-sha1": "jkt is SHA-1",
            "jkt-hex": "jkt is hex",
            "jkt-all-members": "jkt is of all members of the jwk",
            "token-type": "a bound token is called Bearer",
            "bound-flag": "dpop_bound_access_tokens is ignored",
        },
    ),
    *plain("AS", "metadata", {"metadata-algs": "the metadata offers none and HS256"}),
    *plain("AS", "introspection", {"introspection-no-cnf": "introspection has no cnf"}, token="opaque"),
    *plain("AS", "introspection", {"introspection-nested": "introspection has cnf in the wrong place"}),
    # refresh
    *plain(
        "AS",
        "refresh",
        {
            "refresh-other-key": "a public client refreshes with another key",
            "refresh-no-proof": "a public client refreshes without a proof",
        },
    ),
    *plain("AS", "refresh", {"rotation-unbinds": "the second refresh token is not bound"}, **ROTATION),
    # code
    *plain(
        "AS",
        "dpop_jkt",
        {
            "code-jkt": "dpop_jkt is ignored",
            "code-jkt-par-only": "dpop_jkt counts only with PAR",
            "code-jkt-no-proof": "a code with dpop_jkt works without a proof",
            "par-forgets": "the key of the proof at PAR is forgotten",
            "par-unchecked": "the proof at PAR is not verified",
            "par-mismatch": "PAR takes a dpop_jkt of another key",
        },
    ),
    # codes, refresh tokens and requests in other hands
    *plain(
        "AS",
        "code",
        {
            "code-twice": "a code works twice",
            "code-other-client": "a code works for another client",
            "code-unauthenticated": "a code works without client authentication",
        },
    ),
    *plain(
        "AS",
        "refresh",
        {
            "refresh-other-client": "a refresh token works for another client",
            "refresh-unauthenticated": "a refresh token works without client authentication",
        },
    ),
    *plain(
        "AS",
        "request_uri",
        {
            "request-uri-client": "a request_uri works for another client",
            "request-uri-query": "dpop_jkt beside a request_uri wins over the pushed one",
        },
    ),
    # bindings that get lost on the way
    *plain(
        "AS",
        "cnf",
        {
            "credentials-unbound": "client_credentials gives unbound tokens only",
            "code-unbound": "the code grant gives unbound tokens only",
            "jkt-leading-zero": "jkt is of coordinates without leading zeros",
        },
    ),
    *plain(
        "AS",
        "registration",
        {"registration-drops": "dpop_bound_access_tokens is dropped at registration"},
        registration="open",
    ),
    # what the servers say
    *plain(
        "AS",
        "token response",
        {"token-cacheable": "a token may be cached", "token-type-missing": "the token has no token_type"},
    ),
    *plain("AS", "metadata", {"metadata-empty": "the metadata has an empty list"}),
    *plain("RS", "metadata", {"resource-other": "the resource's metadata is of another resource"}),
    *plain(
        "RS",
        "challenge",
        {
            "challenge-missing": "a 401 has no WWW-Authenticate",
            "challenge-uninvited": "a request without credentials is told an error",
            "challenge-syntax": "the comma between two parameters of a challenge is missing",
            "challenge-other-scheme": "a DPoP request is told of Bearer only",
        },
    ),
    # whom the RS lets in
    *plain(
        "RS",
        "downgrade",
        {
            "authorization-mixed": "of two Authorization fields one gives the scheme, the other the token",
            "proxy-authorization": "a bound token in Proxy-Authorization works",
            "cookie-token": "a bound token in a cookie works",
            "scheme-case": "a scheme in lower case is not checked",
            "second-path": "a second path takes bound tokens as Bearer",
            "unbound-dpop": "an unbound token works as DPoP with anybody's proof",
        },
    ),
]
