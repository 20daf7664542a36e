"""Streams of made-up runs."""

import pytest

from keybound.report.stream import Writer, read
from support.runs import FOOTER, MIXED, REQUIREMENTS, TIME, case


@pytest.fixture
def make(tmp_path):
    def make(cases=MIXED, footer=FOOTER, checks=(), name="run"):
        with Writer(tmp_path / name) as writer:
            writer.write(
                {
                    "event": "header",
                    "schema": 1,
                    "keybound": "0.1.0",
                    "run": "8a6e0804-2bd0-4672-b79d-d97027f9071a",
                    "target": {"name": "reference", "issuer": "https://localhost:8443", "resource": None},
                    "started": TIME,
                    "selection": {"role": None, "mechanism": None, "keyword": None},
                    "requirements": REQUIREMENTS,
                }
            )
            writer.write(
                {"event": "capability", "name": "dpop_algs", "value": ["ES256"], "source": "measured"}
            )
            for event in [*checks, *cases]:
                writer.write(event)
            writer.write(
                {"event": "measurement", "name": "iat_window", "place": "rs", "value": 300, "unit": "s"}
            )
            if footer:
                writer.write(footer)
        return read(writer.path)

    return make


@pytest.fixture
def clean(make):
    return make([case("rs.ok.one"), case("rs.ok.two")], FOOTER | {"exit": 0})
