"""What goes wrong on purpose: the errors that handlers raise and the application turns into answers."""

import re


def _plain(text: str) -> str:
    """Leave only what `error_description` may hold (RFC 6749 section 5.2, RFC 6750 section 3)."""
    return re.sub(r"[^ !#-\[\]-~]", "'", text)


class ProofError(Exception):
    """A DPoP proof does not hold (RFC 9449 section 4.3), or lacks a good nonce (sections 8 and 9)."""

    def __init__(self, description: str, code: str = "invalid_dpop_proof") -> None:
        super().__init__(_plain(description))
        self.code = code


class OAuthError(Exception):
    """An error answer of the authorization server (RFC 6749 section 5.2)."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(_plain(description))
        self.code = code
        self.status = status


class Refusal(Exception):  # noqa: N818
    """An answer that withholds the resource (RFC 9449 section 7.1, RFC 6750 section 3).

    `code` is None when the request held no credentials; `schemes` are the challenges that carry the error.
    """

    def __init__(
        self, description: str, code: str | None, status: int = 401, schemes: tuple[str, ...] = ()
    ) -> None:
        super().__init__(_plain(description))
        self.code = code
        self.status = status
        self.schemes = schemes


class Crash(Exception):  # noqa: N818
    """A server that falls over, as some faults make it: answered with a bare 500."""
