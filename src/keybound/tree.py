"""Where suites, attacks and fixtures lie: in the installed wheel or in the checkout."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def root() -> Path:
    """Return the folder that holds suites/, attacks/ and fixtures/ (the bundled copy, or the checkout)."""
    bundled = _HERE / "_tree"
    return bundled if bundled.is_dir() else _HERE.parent.parent


def case_folders() -> list[Path]:
    """Return the folders whose test files hold cases."""
    return [root() / "suites", root() / "attacks"]


def fixtures() -> Path:
    """Return the folder of requirement catalogues and shipped profiles."""
    return root() / "fixtures"
