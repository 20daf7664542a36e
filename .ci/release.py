"""Check a release, build it into dist/ and tag it. It uploads nothing.

    python .ci/release.py [--dry-run]

The version is the one of src/keybound/__init__.py. With --dry-run nothing is tagged, the tree may have changes, and the
changelog may still say Unreleased. Needs git and hatchling.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
VERSION = re.findall(
    r'^__version__ = "(.+)"$', (ROOT / "src/keybound/__init__.py").read_text(), re.MULTILINE
)[0]
TREE = ("suites", "attacks", "fixtures")
"""Folders that lie in the wheel as keybound/_tree/."""


def check(right: bool, message: str) -> None:
    """End with `message` if something is not right."""
    if not right:
        raise SystemExit(f"release: {message}")


def git(*words: str) -> str:
    """Return what a git command prints."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607


def build(source: Path, folder: Path, *targets: str) -> None:
    """Build the `targets` (sdist, wheel) of the project in `source` into `folder`."""
    words = [word for target in targets for word in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", *words, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)


def contents(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_source(dry_run: bool) -> None:
    """Check the checkout: what is built is what is tagged, and the changelog says what is new."""
    check(dry_run or not git("status", "--porcelain"), "the tree has changes that are not committed")
    check(f"v{VERSION}" not in git("tag").split(), f"the tag v{VERSION} exists already")
    headings = [rf"\[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d", *([r"\[Unreleased\]"] if dry_run else [])]
    section = rf"^## (?:{'|'.join(headings)})\n(.*?)(?=^## |\Z)"
    found = re.search(section, (ROOT / "CHANGELOG.md").read_text(), re.DOTALL | re.MULTILINE)
    check(
        bool(found and found[1].strip()),
        f"CHANGELOG.md has no section '## [{VERSION}] - DATE', or an empty one",
    )


def check_wheel(files: dict[str, bytes]) -> None:
    """Check that a wheel holds keybound and nothing else, with all that git knows, and says who it is."""
    about = f"keybound-{VERSION}.dist-info"
    check(
        {name.partition("/")[0] for name in files} == {"keybound", about},
        "the wheel holds more than keybound",
    )
    check(not [name for name in files if name.endswith(".pyc")], "the wheel holds compiled files")
    code = git("ls-files", "--", "src/keybound").splitlines()
    tree = git("ls-files", "--", *TREE).splitlines()
    wanted = {name.removeprefix("src/") for name in code} | {f"keybound/_tree/{name}" for name in tree}
    check(wanted <= files.keys(), f"the wheel lacks {', '.join(sorted(wanted - files.keys()))}")
    data = HeaderParser().parsestr(files[f"{about}/METADATA"].decode())
    check((data["Name"], data["Version"]) == ("keybound", VERSION), "the wheel has another name or version")
    for field in ("Summary", "License-Expression", "Requires-Python", "Description-Content-Type"):
        check(bool(data[field]), f"the metadata of the wheel has no {field}")
    check(bool(data.get_payload()), "the metadata of the wheel has no description")


def main() -> None:
    """Check, build, compare, tag."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dry-run", action="store_true")
    dry_run = parser.parse_args().dry_run

    check_source(dry_run)
    shutil.rmtree(DIST, ignore_errors=True)
    build(ROOT, DIST, "sdist", "wheel")
    files = contents(next(DIST.glob("*.whl")))
    check_wheel(files)
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(next(DIST.glob("*.tar.gz"))) as archive:
            archive.extractall(scratch, filter="data")
        build(Path(scratch) / f"keybound-{VERSION}", Path(scratch) / "dist", "wheel")
        again = contents(next(Path(scratch).glob("dist/*.whl")))
    check(again == files, "the source distribution builds another wheel")

    print(f"keybound {VERSION}: {len(files)} files in the wheel, the source distribution builds the same")
    if not dry_run:
        git("tag", "-a", f"v{VERSION}", "-m", f"keybound {VERSION}")
        print(
            f"tagged v{VERSION}; push the tag and upload {', '.join(path.name for path in DIST.iterdir())} by hand"
        )


if __name__ == "__main__":
    main()
