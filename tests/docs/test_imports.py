"""The sentences of docs/architecture.md about who may import whom, and what keybound may take from elsewhere."""

import ast
import contextlib
import io
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import httpcore
import httpx
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = [contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]]
CASES = [path for folder in ("suites", "attacks") for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
LOCAL = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"keybound", "peers", "support"}
PRIVATE = {
    "craft/certificates.py": {"_ASN1Type"},
    "reference/faults/raw_http.py": {"_make_server"},
    "reference/pki.py": {"_ASN1Type"},
    "reference/shown_certificates.py": {"_sslobj"},
}
"""Private names of other people's packages, each with its reason where it is used."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, at its head and within its functions; relative ones are left out."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module))
    return found


@pytest.fixture(scope="module")
def report() -> str:
    with contextlib.redirect_stdout(io.StringIO()) as said, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "src")
        lint_imports(str(ROOT / "pyproject.toml"), no_cache=True)
    return re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue())


@pytest.mark.parametrize("sentence", CONTRACTS)
def test_contract(sentence: str, report: str) -> None:
    assert f"{sentence} KEPT" in report, report


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_cases_import_keybound_and_never_its_engine_its_reference_or_each_other(path: Path) -> None:
    forbidden = ("keybound.engine", "keybound.reference", "keybound.cli", "keybound.report")
    for name in imported(path):
        assert name.partition(".")[0] in {"keybound", *sys.stdlib_module_names}
        assert not name.startswith(forbidden)
    relative = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) and node.level]
    assert not relative


def declared(*requirements: str) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower() for each in requirements}


def undeclared(paths: list[Path], known: set[str]) -> dict[str, set[str]]:
    """Return the packages that are imported and not known, each with the files that do so."""
    distributions = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in paths:
        for name in {each.partition(".")[0] for each in imported(path)} - sys.stdlib_module_names - LOCAL:
            if not known.intersection(each.lower() for each in distributions.get(name, [])):
                found.setdefault(name, set()).add(path.name)
    return found


def test_whatever_keybound_imports_is_a_declared_dependency() -> None:
    assert undeclared(SOURCE + CASES, declared(*PROJECT["project"]["dependencies"])) == {}


def test_whatever_the_tests_import_is_a_declared_dependency() -> None:
    own = [path for path in (ROOT / "tests").rglob("*.py") if "targets" not in path.parts]
    extra = PROJECT["project"]["optional-dependencies"]["test"]
    assert undeclared(own, declared(*PROJECT["project"]["dependencies"], *extra)) == {}


def private_names(path: Path) -> set[str]:
    """Return the names with one leading underscore that a file takes from something other than itself."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.name for alias in node.names} | set(str(node.module).split("."))
        elif isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
        ):
            found.add(node.attr)
    public = {"_replace", "_asdict", "_exit"}  # of a NamedTuple, and of os
    return {name for name in found if re.match("_[^_]", name)} - public


def test_nothing_private_of_others_is_used_but_what_has_no_public_way() -> None:
    used = {str(path.relative_to(ROOT / "src/keybound")): private_names(path) for path in SOURCE}
    assert {path: names for path, names in used.items() if names} == PRIVATE


def test_every_error_of_the_network_layer_has_its_namesake_in_httpx() -> None:
    layer = [
        kind for kind in vars(httpcore).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    for kind in layer:
        if kind is not httpcore.ConnectionNotAvailable:  # never leaves a pool
            assert issubclass(getattr(httpx, kind.__name__), httpx.TransportError)
