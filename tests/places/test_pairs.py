"""Covering arrays, and the table of places that is made of them."""

from itertools import combinations, product

from keybound.places.covering import covering, pairs
from keybound.places.pairs import ALGS, ROWS, name_of

FACTORS = {"a": "123", "b": "xyz", "c": "pq", "d": "uvw"}


def test_every_pair_is_there():
    rows = covering(FACTORS)
    for (one, its), (two, others) in combinations(FACTORS.items(), 2):
        for value, other in product(its, others):
            assert any(row[one] == value and row[two] == other for row in rows)
    assert len(rows) <= 12  # of 54


def test_what_is_impossible_is_left_out():
    rows = covering(FACTORS, lambda row: row["a"] != "1" or row["b"] == "x")
    assert all(row["b"] == "x" for row in rows if row["a"] == "1")
    assert any((("a", "1"), ("d", "w")) in pairs(row) for row in rows)


def test_it_is_the_same_every_time():
    assert covering(FACTORS) == covering(FACTORS)
    assert covering({}) == []


def test_names_tell_rows_apart_and_the_api_alone_has_every_algorithm_in_every_format():
    assert len({name_of(row) for row in ROWS}) == len(ROWS)
    at_api = {(row["alg"], row["format"]) for row in ROWS if row["endpoint"] == "api"}
    assert at_api == set(product(ALGS, ("jwt", "opaque")))
