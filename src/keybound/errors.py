"""The ways a run ends without a verdict, each with the command's exit code."""


class KeyboundError(Exception):
    """An error made for people: one clear line, no traceback."""

    exit_code = 4


class UsageError(KeyboundError):
    """Bad input: a profile, an option, a baseline or a report file. Exit code 2."""

    exit_code = 2


class TargetError(KeyboundError):
    """The target cannot be reached, or a control does not succeed. Exit code 3."""

    exit_code = 3


class NotApplicable(Exception):  # noqa: N818
    """A case does not concern this target; the text says why."""


class Inconclusive(Exception):  # noqa: N818
    """A case could not be judged, because of the target, the profile or the network; the text says which."""


class NotRun(Exception):  # noqa: N818
    """A case was not tried, for example because the target stopped answering."""


class LeftOut(NotRun):
    """A case was not tried because nobody asked for its kind; the text names the option."""

    PREFIX = "left out"


class Violation(AssertionError):  # noqa: N818
    """The target breaks a requirement. A subclass of AssertionError, so that reporters file it as *failed*."""
