"""How a server says no."""


class Refused(Exception):  # noqa: N818
    """A request refused: an OAuth error code and, where it matters, a status."""

    def __init__(self, error, why="", status=None, nonce=None):
        super().__init__(why)
        self.error, self.why, self.status, self.nonce = error, why, status, nonce


class Crash(Exception):  # noqa: N818
    """A bug that ends the connection without an answer."""


def bad(why):
    return Refused("proof", why)
