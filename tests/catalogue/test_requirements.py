import re
from collections import Counter
from itertools import pairwise

import pytest

from keybound.catalogue.requirements import Counts, check, load
from keybound.judge.requirement import Requirement
from keybound.tree import fixtures

REAL = fixtures() / "requirements"

HEAD = """
spec = "RFC 1"
prefix = "RFC1"
title = "Example"
url = "https://example.org/rfc1#section-{section}"
"""
ENTRY = """
[[requirement]]
id = "RFC1-2.1-tea"
section = "2.1"
title = "Tea is hot"
level = "MUST"
role = "rs"
duty = "receiver"
severity = "low"
statement = "Cold tea is refused."
also = ["TEA-1"]
planned = true
"""

# How often each level occurs in the texts.
LEVELS = {
    "RFC 9449": {"MUST": 39, "MUST NOT": 5, "SHOULD": 4, "SHOULD NOT": 2, "MAY": 7, "implied": 37},
    "RFC 8705": {"MUST": 6, "MUST NOT": 1, "SHOULD": 4, "SHOULD NOT": 1, "MAY": 4, "implied": 26},
    "FAPI 2.0 SP": {"MUST": 22, "MUST NOT": 3, "SHOULD": 1, "MAY": 2, "implied": 1},
    "FAPI 2.0 HTTP Sig": {"MUST": 3},
    "RFC 9700": {"MUST": 9, "SHOULD": 7, "implied": 2},
    "RFC 6749": {"MUST": 10, "SHOULD": 1, "implied": 1},
    "RFC 6750": {"MUST": 2, "MUST NOT": 1, "SHOULD": 3, "SHOULD NOT": 1},
    "RFC 9110": {"MUST": 1, "implied": 2},
    "RFC 7515": {"MUST": 1, "implied": 1},
    "RFC 7518": {"MUST": 2},
    "RFC 7519": {"MUST NOT": 1},
    "RFC 8725": {"MUST": 4, "SHOULD": 1},
    "RFC 7638": {"implied": 2},
    "RFC 7591": {"MUST": 2, "implied": 1},
    "RFC 8414": {"MUST": 1, "MAY": 1},
    "RFC 9126": {"MUST": 4, "SHOULD": 1, "implied": 1},
    "atproto OAuth": {"MUST": 4, "SHOULD": 2, "implied": 3},
    "HAIP 1.0": {"MUST": 1},
    "OAuth 2.1": {"MUST": 2, "SHOULD": 2},
    "OAuth attestation": {"MUST": 4},
    "DPoP device flow": {"MUST": 4},
    "MCP SEP-1932": {"implied": 1},
}
ROLES = {
    "RFC 9449": {"as": 32, "rs": 24, "both": 38},
    "RFC 8705": {"as": 31, "rs": 7, "both": 4},
    "FAPI 2.0 SP": {"as": 17, "rs": 6, "both": 6},
    "FAPI 2.0 HTTP Sig": {"rs": 3},
    "RFC 9700": {"as": 10, "rs": 3, "both": 5},
    "RFC 6749": {"as": 11, "rs": 1},
    "RFC 6750": {"rs": 7},
    "RFC 9110": {"both": 3},
    "RFC 7515": {"both": 2},
    "RFC 7518": {"both": 2},
    "RFC 7519": {"both": 1},
    "RFC 8725": {"both": 5},
    "RFC 7638": {"both": 2},
    "RFC 7591": {"as": 3},
    "RFC 8414": {"as": 2},
    "RFC 9126": {"as": 6},
    "atproto OAuth": {"as": 3, "both": 6},
    "HAIP 1.0": {"both": 1},
    "OAuth 2.1": {"as": 2, "rs": 1, "both": 1},
    "OAuth attestation": {"as": 4},
    "DPoP device flow": {"as": 4},
    "MCP SEP-1932": {"rs": 1},
}


def labels(**counts):
    return {f"{name.replace('_', '-')}-{n:02}" for name, count in counts.items() for n in range(1, count + 1)}


# The row labels are numbered per role; the numbers left out were never given.
LABELS = {
    "RFC 9449": labels(DPOP_AS=33, DPOP_RS=28, DPOP_AR=38)
    - {"DPOP-AS-31", "DPOP-RS-22", "DPOP-RS-23", "DPOP-RS-24", "DPOP-RS-25"},
    "RFC 8705": labels(MTLS_AS=31, MTLS_RS=7, MTLS_AR=4),
    "FAPI 2.0 SP": labels(FAPI_AS=17, FAPI_RS=6, FAPI_AR=6),
    "FAPI 2.0 HTTP Sig": labels(HSIG_RS=3),
    "RFC 9700": labels(BCP_AS=10, BCP_RS=3, BCP_AR=5),
    "RFC 6749": labels(OA2_AS=11, OA2_RS=1),
    "RFC 6750": labels(BEAR_RS=7),
    "RFC 9110": labels(HTTP_AR=3),
    "RFC 7515": labels(JOSE_AR=2),
    "RFC 7518": labels(JOSE_AR=4) - labels(JOSE_AR=2),
    "RFC 7519": labels(JOSE_AR=5) - labels(JOSE_AR=4),
    "RFC 8725": labels(JOSE_AR=10) - labels(JOSE_AR=5),
    "RFC 7638": labels(TPR_AR=2),
    "RFC 7591": labels(DCR_AS=3),
    "RFC 8414": labels(ASM_AS=2),
    "RFC 9126": labels(PAR_AS=6),
    "atproto OAuth": labels(ATP_AS=3, ATP_AR=6),
    "HAIP 1.0": labels(HAIP_AR=1),
    "OAuth 2.1": labels(V21_AS=2, V21_RS=1, V21_AR=1),
    "OAuth attestation": labels(ABCA_AS=4),
    "DPoP device flow": labels(DEV_AS=4),
    "MCP SEP-1932": labels(MCP_RS=1),
}


def write(folder, text, name="rfc1.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def real():
    return load(REAL)


def test_load_fills_every_field(tmp_path):
    assert load(write(tmp_path, HEAD + ENTRY)) == {
        "RFC1-2.1-tea": Requirement(
            id="RFC1-2.1-tea",
            spec="RFC 1",
            section="2.1",
            title="Tea is hot",
            statement="Cold tea is refused.",
            level="MUST",
            role="rs",
            duty="receiver",
            severity="low",
            url="https://example.org/rfc1#section-2.1",
            also=("TEA-1",),
            planned=True,
            excluded=None,
        )
    }


def test_load_keeps_the_order_of_file_names_and_entries(tmp_path):
    write(tmp_path, HEAD + ENTRY.replace("2.1", "9") + ENTRY, "b.toml")
    write(tmp_path, HEAD + ENTRY.replace("2.1", "5"), "a.toml")
    assert list(load(tmp_path)) == ["RFC1-5-tea", "RFC1-9-tea", "RFC1-2.1-tea"]


def test_neither_planned_nor_excluded_is_for_a_requirement_with_cases(tmp_path):
    requirement = load(write(tmp_path, HEAD + ENTRY.replace("planned = true", "")))["RFC1-2.1-tea"]
    assert (requirement.planned, requirement.excluded) == (False, None)


def test_the_section_alone_can_name_an_entry(tmp_path):
    assert list(load(write(tmp_path, HEAD + ENTRY.replace("-tea", "")))) == ["RFC1-2.1"]


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('level = "MUST"\n', "", "rfc1.toml: RFC1-2.1-tea: field 'level' is missing"),
        ("also", "aslo", "rfc1.toml: RFC1-2.1-tea: field 'also' is missing"),
        ("planned", "planed", "rfc1.toml: RFC1-2.1-tea: field 'planed' is unknown"),
        ('"MUST"', '"must"', "rfc1.toml: RFC1-2.1-tea: field 'level' is 'must', not one of MUST, MUST NOT, "),
        ('"rs"', '"client"', "rfc1.toml: RFC1-2.1-tea: field 'role' is 'client', not one of as, rs, both"),
        ('"receiver"', "1", "rfc1.toml: RFC1-2.1-tea: field 'duty' is 1, not one of receiver, sender"),
        ('"low"', '""', "rfc1.toml: RFC1-2.1-tea: field 'severity' is '', not one of critical, "),
        ('"Tea is hot"', "7", "rfc1.toml: RFC1-2.1-tea: field 'title' is not a text"),
        ('"Cold tea is refused."', '" "', "rfc1.toml: RFC1-2.1-tea: field 'statement' is not a text"),
        ("planned = true", 'excluded = ""', "rfc1.toml: RFC1-2.1-tea: field 'excluded' is not a text"),
        ('["TEA-1"]', '"TEA-1"', "rfc1.toml: RFC1-2.1-tea: field 'also' is not a list of strings"),
        ('["TEA-1"]', "[1]", "rfc1.toml: RFC1-2.1-tea: field 'also' is not a list of strings"),
        ("= true", "= false", "rfc1.toml: RFC1-2.1-tea: field 'planned' is true or left out"),
        (
            "planned = true",
            'planned = true\nexcluded = "no tea"',
            "rfc1.toml: RFC1-2.1-tea: fields 'planned' and 'excluded' contradict each other",
        ),
        ('section = "2.1"', 'section = "2"', "rfc1.toml: RFC1-2.1-tea: field 'id' is not RFC1-2-slug"),
        ("-tea", "-Tea", "rfc1.toml: RFC1-2.1-Tea: field 'id' is not RFC1-2.1-slug"),
        ('id = "RFC1', 'id = "RFC2', "rfc1.toml: RFC2-2.1-tea: field 'id' is not RFC1-2.1-slug"),
        ('id = "RFC1-2.1-tea"\n', "", "rfc1.toml: entry 1: field 'id' is missing"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, old, new, message):
    assert old in ENTRY
    with pytest.raises(ValueError, match=re.escape(message)):
        load(write(tmp_path, HEAD + ENTRY.replace(old, new, 1)))


@pytest.mark.parametrize(
    "text, message",
    [
        (HEAD.replace('spec = "RFC 1"', "") + ENTRY, "rfc1.toml: field 'spec' is missing"),
        ('date = "today"' + HEAD + ENTRY, "rfc1.toml: field 'date' is unknown"),
        (HEAD.replace('"Example"', "1") + ENTRY, "rfc1.toml: field 'title' is not a text"),
        (HEAD, "rfc1.toml: no [[requirement]] tables"),
        (HEAD + 'requirement = ["tea"]', "rfc1.toml: no [[requirement]] tables"),
        (HEAD + "tea", "rfc1.toml: not TOML: "),
        (HEAD + ENTRY + ENTRY, "rfc1.toml: RFC1-2.1-tea: field 'id' is not unique"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load(write(tmp_path, text))


def test_one_id_in_two_files(tmp_path):
    write(tmp_path, HEAD + ENTRY)
    write(tmp_path, HEAD + ENTRY, "rfc2.toml")
    with pytest.raises(ValueError, match=r"^rfc2\.toml: RFC1-2\.1-tea: field 'id' is not unique$"):
        load(tmp_path)


def test_a_folder_without_a_catalogue(tmp_path):
    with pytest.raises(ValueError, match=r"no catalogue \(\*\.toml\) here"):
        load(tmp_path)


def requirement(name, *, spec="RFC 1", planned=False, excluded=None):
    return Requirement(
        id=name,
        spec=spec,
        section="1",
        title="",
        statement="",
        level="MUST",
        role="both",
        duty="receiver",
        severity="low",
        url="",
        planned=planned,
        excluded=excluded,
    )


GOOD = {
    "catalogue": {
        "R1": requirement("R1"),
        "R2": requirement("R2", planned=True),
        "R3": requirement("R3", spec="RFC 2", excluded="not visible"),
    },
    "case_requirements": {"rs.tea.cold": ["R1"]},
    "case_faults": {"rs.tea.cold": ["rs-serves-cold-tea"]},
    "faults": {"rs-serves-cold-tea": ["R1"]},
}


def test_check_finds_nothing_and_counts():
    report = check(**GOOD)
    assert report.problems == []
    assert report.counts == Counts(requirements=3, with_cases=1, planned=1, excluded=1)
    assert report.per_spec == {
        "RFC 1": Counts(requirements=2, with_cases=1, planned=1, excluded=0),
        "RFC 2": Counts(requirements=1, with_cases=0, planned=0, excluded=1),
    }


@pytest.mark.parametrize(
    "table, change, problem",
    [
        ("case_requirements", {"rs.tea.cold": ["R1", "R9"]}, "case rs.tea.cold: unknown requirement R9"),
        ("case_requirements", {"as.tea": []}, "case as.tea: names no requirement"),
        ("case_requirements", {"as.tea": ["R1"]}, "case as.tea: no fault proves it"),
        ("case_requirements", {"tea": ["R1"]}, "case tea: the id does not read as role.subject.change"),
        ("case_requirements", {"rs": ["R1"]}, "case rs: the id does not read as role.subject.change"),
        ("case_requirements", {"rs.Tea": ["R1"]}, "case rs.Tea: the id does not read as role.subject.change"),
        (
            "case_requirements",
            {"rs.tea[0]": ["R1"]},
            "case rs.tea[0]: the id does not read as role.subject.change",
        ),
        (
            "case_requirements",
            {"rs.tea\n": ["R1"]},
            "case rs.tea\n: the id does not read as role.subject.change",
        ),
        ("case_faults", {"rs.tea.cold": []}, "case rs.tea.cold: no fault proves it"),
        ("case_faults", {"rs.tea.cold": ["no-tea"]}, "case rs.tea.cold: unknown fault no-tea"),
        ("case_faults", {"rs.milk": []}, "case rs.milk: has faults, but there is no such case"),
        ("faults", {"no-tea": ["R1"]}, "fault no-tea: no case notices it"),
        ("faults", {"rs-serves-cold-tea": []}, "fault rs-serves-cold-tea: names no requirement"),
        ("faults", {"rs-serves-cold-tea": ["R9"]}, "fault rs-serves-cold-tea: unknown requirement R9"),
        (
            "catalogue",
            {"R4": requirement("R4")},
            "requirement R4: has no case, is not planned and not excluded",
        ),
        ("catalogue", {"R1": requirement("R1", planned=True)}, "requirement R1: has cases and is planned"),
        ("catalogue", {"R1": requirement("R1", excluded="x")}, "requirement R1: has cases and is excluded"),
    ],
)
def test_check_names_each_problem(table, change, problem):
    assert problem in check(**{**GOOD, table: {**GOOD[table], **change}}).problems


def test_one_change_is_one_problem():
    changed = {**GOOD["catalogue"], "R4": requirement("R4")}
    assert len(check(**{**GOOD, "catalogue": changed}).problems) == 1


@pytest.mark.parametrize("spec", LEVELS)
def test_every_row_of_the_texts_is_there_once(real, spec):
    rows = [r for r in real.values() if r.spec == spec]
    found = [label for r in rows for label in r.also if re.fullmatch(r"[A-Z0-9]+-(AS|RS|AR)-\d\d", label)]
    assert len(rows) == len(found) == len(LABELS[spec])
    assert set(found) == LABELS[spec]
    assert Counter(r.level for r in rows) == LEVELS[spec]
    assert Counter(r.role for r in rows) == ROLES[spec]


def test_the_order_is_that_of_the_sections(real):
    for before, after in pairwise(r for r in real.values() if r.spec in LEVELS):
        if before.spec == after.spec and before.section[0].isdigit():
            places = [[int(part) for part in r.section.split(".")] for r in (before, after)]
            assert places[0] <= places[1], (before.id, after.id)


def test_entries_are_short_and_whole(real):
    for entry in real.values():
        assert re.fullmatch(r"[A-Z0-9]+(-[\d.]+)?(-[a-z0-9]+)+", entry.id)
        assert 3 <= len(entry.title.split()) <= 6, entry.id
        assert entry.statement.endswith("."), entry.id
        assert len(entry.statement) <= 220, entry.id


def test_links_lead_to_the_section(real):
    assert real["RFC9449-4.3-htm"].url == "https://www.rfc-editor.org/rfc/rfc9449#section-4.3"
    assert real["RFC8705-3-cert-match"].url == "https://www.rfc-editor.org/rfc/rfc8705#section-3"
    fapi = "https://openid.net/specs/fapi-security-profile-2_0-final.html"
    assert real["FAPI2SP-5.3.2.1-iat-10s"].url == f"{fapi}#section-5.3.2.1"
    assert real["ATPROTO-dpop-es256"].url == "https://atproto.com/specs/oauth"


def test_the_own_requirement(real):
    own = real["KEYBOUND-robustness"]
    assert (own.spec, own.level, own.role, own.severity) == ("keybound", "implied", "both", "high")
