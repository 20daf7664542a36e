"""What the documents say is so: commands, keys, samples, links."""

import json
import os
import re
import tomllib
import types
import typing
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from keybound.cases.declare import load_all
from keybound.catalogue.lint import coverage_page
from keybound.cli import app
from keybound.craft.certificate_files import write_set
from keybound.craft.certificates import self_signed
from keybound.engine import baseline
from keybound.profile.schema import profile_schema
from keybound.profile.target_profile import Profile, parse
from keybound.profile.tokens import BY_SOURCE

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "reports" / "README.md"])
PROFILE_PAGE = (ROOT / "docs" / "profile.md").read_text()


def blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)


def samples():
    """Every TOML block of every document, as (name, text)."""
    return [
        pytest.param(text, id=f"{path.name}-{number}")
        for path in DOCUMENTS
        for number, text in enumerate(blocks(path, "toml"), 1)
    ]


@pytest.mark.parametrize("name", ["run", "test"])
def test_readme_has_the_command_that_ci_runs(name):
    text = (ROOT / "README.md").read_text()
    found = re.findall(rf"<!-- {name} -->\n```sh\n(.+)\n```\n<!-- /{name} -->", text)
    assert len(found) == 1
    assert found[0].startswith("python3 -m venv .venv && .venv/bin/pip install ")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    assert not [link for link in links if ":" not in link and not (path.parent / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(path):
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    text = "\n".join(
        [*re.findall(r"`([^`\n]+)`", path.read_text()), *blocks(path, "sh"), *blocks(path, "console")]
    )
    assert set(re.findall(r"^(?:\$ )?(?:\S*/)?keybound (\w+)", text, re.MULTILINE)) <= known


@pytest.mark.parametrize("text", samples())
def test_toml_samples_are_valid(text, tmp_path, monkeypatch):
    if "[[accepted]]" in text:
        (tmp_path / "baseline.toml").write_text(text)
        assert baseline.load(tmp_path / "baseline.toml", load_all())
        return
    if "issuer" not in text and "audience" not in text:
        pytest.skip("not a profile")
    for name in re.findall(r"\$\{(\w+)\}", text):
        monkeypatch.setenv(name, "x")
    certificate, key = self_signed()
    for name in re.findall(r'"([\w.]+\.(?:pem|crt|key))"', text):
        (tmp_path / name).write_text(key if name.endswith(".key") else certificate)
    for folder in re.findall(r'^certificates = "(\w+)"', text, re.MULTILINE):
        write_set(tmp_path / folder)
    parse(text, "sample", tmp_path)


def models(model=Profile, heading="Top level"):
    """Yield (heading of its section, model) for the profile and every table in it."""
    yield heading, model
    for name, field in model.model_fields.items():
        if name == "clients":  # the same table as client
            continue
        pending = [field.annotation]
        while pending:
            annotation = pending.pop()
            if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
                if issubclass(annotation, BaseModel):
                    above = "" if heading == "Top level" else heading.strip("`[]") + "."
                    sources = [source for source, each in BY_SOURCE.items() if each is annotation]
                    which = "".join(f' with `source = "{source}"`' for source in sources)
                    yield from models(annotation, f"`[{above}{name}]`{which}")
            else:
                pending += typing.get_args(annotation)


@pytest.mark.parametrize(("heading", "model"), [pytest.param(*each, id=each[0]) for each in models()])
def test_every_key_is_documented(heading, model):
    section = re.search(
        rf"^## {re.escape(heading)}.*?\n(.*?)(?=^## |\Z)", PROFILE_PAGE, re.DOTALL | re.MULTILINE
    )
    assert section, f"no section {heading}"
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|$", section[1], re.MULTILINE)

    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    assert sorted(name for name, *_ in rows) == sorted(fields)
    for name, value, default in rows:
        field = fields[name]
        assert field.is_required() == ("; required" in value), name
        plain = isinstance(field.default, bool | int | float) or (
            isinstance(field.default, str) and field.default
        )
        if plain and not field.is_required() and name != "auth":
            assert default == f"`{json.dumps(field.default)}`", name


def test_schema_is_up_to_date():
    shipped = json.loads((ROOT / "fixtures" / "profile.schema.json").read_text())
    assert shipped == profile_schema(), "run: keybound schema > fixtures/profile.schema.json"


MINIMAL = """
issuer = "https://as.example"
resource = "https://api.example"
[client]
id = "cc"
secret = "${SECRET}"
dpop_bound = "${BOUND}"
[limits]
timeout = "${TIMEOUT}"
"""
SAMPLES = {path.name: path.read_text() for path in (ROOT / "fixtures" / "targets").glob("*.toml")}


@pytest.mark.parametrize("text", [MINIMAL, *SAMPLES.values()], ids=["minimal", *SAMPLES])
def test_schema_takes_placeholders_everywhere(text):
    Draft202012Validator(profile_schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize("text", ['[limits]\ntimeout = "long"', '[client]\nid = "a"\nauth = "magic"'])
def test_schema_is_strict_besides(text):
    assert not Draft202012Validator(profile_schema()).is_valid(tomllib.loads(text))


def test_ci_runs_what_readme_says():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "readme run" in script.read_text()
    assert "readme test" in script.read_text()


def test_the_coverage_page_is_up_to_date():
    """`keybound requirements --coverage > docs/coverage.md` makes it."""
    assert (ROOT / "docs" / "coverage.md").read_text("utf-8") == coverage_page()
