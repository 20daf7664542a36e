"""The page: one file, findings first."""

from bs4 import BeautifulSoup

from keybound.report.page import page
from support.runs import MIXED, case, exchange


def test_the_page_is_one_file_without_network(make):
    soup = BeautifulSoup(page(make()), "html.parser")
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})["content"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not soup.find_all(["link", "img", "iframe", "object", "embed"])
    assert not soup.find_all(src=True)
    assert not soup.find_all(style=True)
    assert {a["href"].split("//")[0] for a in soup.find_all("a") if not a["href"].startswith("#")} == {
        "https:"
    }


def test_the_page_shows_findings_first_and_links_requirements(make):
    soup = BeautifulSoup(page(make()), "html.parser")
    cards = [card["id"] for card in soup.select("details.case")]
    assert cards[:3] == ["case-as.bad.jti", "case-rs.bad.htm", "case-rs.open.one"]
    assert len(cards) == len(MIXED)
    ids = {element["id"] for element in soup.select("[id]")}
    assert {a["href"][1:] for a in soup.select("td.links a")} <= ids
    card = soup.find(id="case-rs.bad.htm")
    assert card.select_one(".expected p").text == "refused: 401"
    assert card.select_one(".seen p").text == "seen by rs.bad.htm"
    assert len(card.select(".exchange")) == 3
    assert '"htm": "GET"' in card.text
    passed = soup.find(id="case-rs.ok.one")
    assert [it.text for it in passed.select(".exchange > summary b")] == ["hostile"]


def test_the_page_of_a_large_run_stays_small(make):
    body = "x" * 20_000
    big = exchange("hostile", response=exchange("")["response"] | {"body": body})
    cases = [case(f"rs.n{i}", exchanges=[big, big, big]) for i in range(400)]
    assert len(page(make(cases))) < 6_000_000
