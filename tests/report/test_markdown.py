"""The summary as Markdown."""

from keybound.report.markdown import markdown


def test_markdown_has_findings_and_requirements(make):
    text = markdown(make())
    assert text.startswith("## keybound: reference does not hold")
    assert (
        text.index("as.bad.jti") < text.index("rs.bad.htm") < text.index("rs.open.one") < text.index("rs.odd")
    )
    assert text.count("<details>") == text.count("</details>") == 2
    link = "[RFC9449-4.3-htm](https://www.rfc-editor.org/rfc/rfc9449#section-4.3)"
    assert link in text
    for row in (line for line in text.splitlines() if line.startswith("|")):
        assert row.count("|") == 6
