"""The file of the kill matrix: what is written is what is read, in a form that a review can compare."""

import pytest

from keybound.catalogue import kill_matrix
from keybound.catalogue.kill_matrix import Red
from keybound.reference.faults import FAULTS


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / kill_matrix.FILE
    monkeypatch.setattr(kill_matrix, "path", lambda: path)
    kill_matrix.load.cache_clear()
    yield path
    kill_matrix.load.cache_clear()


def test_the_file_is_as_the_selftest_writes_it():
    assert kill_matrix.path().read_text() == kill_matrix.text(kill_matrix.load())


def test_every_fault_has_a_row_and_no_other():
    assert set(kill_matrix.load()) == set(FAULTS)


def test_what_is_written_is_read(file):
    rows = {
        "b": Red(frozenset({"r1", "r2"}), frozenset({"r1", "r2"}), frozenset({"case.2", "case.1"})),
        "a": Red(frozenset({"r" * 60, "s" * 60}), frozenset(), None),
    }
    file.write_text(kill_matrix.text(rows))
    assert kill_matrix.load() == rows
    body = file.read_text().partition("[a]\n")[2]
    assert body.splitlines() == [
        "red = [",
        f'    "{"r" * 60}",',
        f'    "{"s" * 60}",',
        "]",
        "alone = []",
        "",
        "[b]",
        'red = ["r1", "r2"]',
        'killed = ["case.1", "case.2"]',
    ]
