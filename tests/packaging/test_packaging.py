"""What is installed is what was cloned: the same cases, whatever lies in the working directory."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from keybound import __version__

ROOT = Path(__file__).resolve().parents[2]
ABOUT = f"keybound-{__version__}.dist-info"
# What a developer's shell may hold; a run must see none of it unless a test says so.
FOREIGN = ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_XDIST_WORKER", "PYTHONSAFEPATH")


def call(*command, cwd, **env):
    """Run a command to its end, without a terminal, and return it."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=kept | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def done(*command, cwd, **env):
    """Run a command that must succeed and return what it wrote."""
    result = call(*command, cwd=cwd, **env)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(target, source, folder):
    """Build `target` of the project in `source` and return the file, without a package index."""
    done(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    return next(folder.iterdir())


def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What a stranger has: the unpacked source distribution."""
    folder = tmp_path_factory.mktemp("clone")
    with tarfile.open(build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


def installed(wheel, folder):
    """Install a wheel into a new environment that borrows everything else from this one; return its command."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "--python", python, "install"]
    done(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "keybound"


@pytest.fixture(scope="module")
def keybound(wheel, tmp_path_factory):
    return installed(wheel, tmp_path_factory.mktemp("installed"))


def ids(output):
    return {case["id"] for case in json.loads(output)}


# --- cheap ---------------------------------------------------------------------------------------------------------


def test_no_plugin_is_forced_on_other_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "pytest11" not in project.get("entry-points", {})
    assert project["scripts"] == {"keybound": "keybound.cli:main"}


def test_wheel_holds_keybound_only(wheel):
    found = names(wheel)
    assert {name.partition("/")[0] for name in found} == {"keybound", ABOUT}
    assert not [name for name in found if "__pycache__" in name or name.endswith(".pyc")]
    with zipfile.ZipFile(wheel) as archive:
        assert b"pytest11" not in archive.read(f"{ABOUT}/entry_points.txt")


def test_wheel_holds_every_file_of_the_tree(wheel):
    wanted = {
        f"keybound/_tree/{path.relative_to(ROOT)}"
        for folder in ("suites", "attacks", "fixtures")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in names(wheel) if name.startswith("keybound/_tree/")} == wanted


def test_source_distribution_builds_the_same_wheel(wheel, clone, tmp_path):
    assert names(build("wheel", clone, tmp_path)) == names(wheel)


# --- installing and running ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_cases_are_the_same_everywhere(clone, keybound, tmp_path):
    editable = installed(build("wheel:editable", clone, tmp_path / "editable"), tmp_path / "environment")
    empty = tmp_path / "empty"
    empty.mkdir()

    from_wheel = ids(done(keybound, "list", "--json", cwd=empty))
    from_editable = ids(done(editable, "list", "--json", cwd=empty))
    from_clone = ids(done(sys.executable, "-m", "keybound", "list", "--json", cwd=clone, PYTHONPATH="src"))
    collected = done(sys.executable, "-m", "pytest", "--collect-only", "-q", "suites", "attacks", cwd=clone)

    assert len(from_wheel) > 100
    assert from_wheel == from_editable == from_clone
    assert from_wheel == set(re.findall(r"^\S+::\w+\[(.+)\]$", collected, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_wheel_runs_in_an_empty_directory(keybound, tmp_path, workers):
    output = done(keybound, "run", "-n", workers, cwd=tmp_path)
    assert output.strip().splitlines()[-1] == "holds"
    assert [path.name for path in tmp_path.iterdir()] == ["keybound-report"]


HOSTILE = {
    "conftest.py": "raise RuntimeError('the conftest.py of the working directory was read')",
    "pytest.ini": "[pytest]\naddopts = --nonsense\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['--nonsense']\n",
    "tox.ini": "[pytest]\naddopts = --nonsense\n",
    "json.py": "raise RuntimeError('a module of the working directory was imported')",
    "keybound/__init__.py": "raise RuntimeError('a package of the working directory was imported')",
    "test_mine.py": "def test_mine():\n    raise RuntimeError\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_working_directory_and_environment_change_nothing(keybound, tmp_path, workers):
    for name, text in HOSTILE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    foreign = {"PYTEST_ADDOPTS": "--nonsense", "PYTEST_PLUGINS": "nonsense"}

    listed = ids(done(keybound, "list", "--json", cwd=tmp_path, **foreign))
    done(keybound, "run", "-n", workers, cwd=tmp_path, **foreign)

    events = map(json.loads, (tmp_path / "keybound-report" / "events.jsonl").read_text().splitlines())
    cases = {event["id"]: event["verdict"] for event in events if event["event"] == "case"}
    assert cases.keys() == listed
    assert set(cases.values()) <= {"pass", "not applicable", "not run"}
