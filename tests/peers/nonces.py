"""The nonces of one server."""

import secrets

from peers.refusal import Refused


class Nonces:
    """What was given out, each with its end of life."""

    def __init__(self, rules):
        self.rules, self.ends, self.count = rules, {}, 1000

    def fresh(self):
        self.count += 1
        value = f"nonce-{self.count}" if self.rules.has("nonce-counter") else secrets.token_urlsafe(24)
        self.ends[value] = self.rules.now() + self.rules.nonce_seconds
        while len(self.ends) > 5000:
            self.ends.pop(next(iter(self.ends)))
        return value

    def good(self, value):
        known = isinstance(value, str) and self.ends.get(value, 0) > self.rules.now()
        if known and self.rules.nonce == "newest":
            return value == list(self.ends)[-1]
        if known and self.rules.nonce == "single":
            del self.ends[value]
        return known

    def begun(self, value):
        """True if the value begins as one that was given out."""
        return isinstance(value, str) and any(known[:16] == value[:16] for known in self.ends)


def check_nonce(claims, here):
    if here.rules.nonce == "off":
        return
    store = here.memory.nonces[here.place]
    given = claims.get("nonce")
    if given is None and here.has("nonce-optional"):
        return
    if given is not None and here.has("nonce-any"):
        return
    if here.has("nonce-beginning") and store.begun(given):
        return
    mute = given is not None and here.has("nonce-no-header")
    if not store.good(given):
        raise Refused("use_dpop_nonce", "a nonce is needed", nonce=None if mute else store)
