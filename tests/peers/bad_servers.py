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
]
