"""Our own issuer of access tokens: its keys, its tokens honest and hostile, the server that speaks for it."""
