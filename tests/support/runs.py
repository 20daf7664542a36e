"""Runs as the tests of the reports need them: every verdict, and a target that fills what it can with markup."""

TIME = "2026-11-21T02:00:00.123Z"
HOSTILE = "<script>alert(1)</script>\x1b[2J\x00\u202e | `x` ![i](http://evil/) @team ]]> </pre>&{{ 7*7 }}"


def requirement(name, severity="high", **changes):
    spec, section = name.split("-")[:2]
    return {
        "id": name,
        "spec": spec,
        "section": section,
        "title": f"Title of {name}",
        "statement": "`htm` is the method.",
        "level": "MUST",
        "role": "both",
        "severity": severity,
        "url": f"https://www.rfc-editor.org/rfc/{spec.lower()}#section-{section}",
        "also": [],
        "planned": False,
        "excluded": None,
    } | changes


REQUIREMENTS = [
    requirement("RFC9449-4.3-htm"),
    requirement("RFC9449-4.3-jti", "critical"),
    requirement("RFC9449-9-nonce", "low"),
    requirement("RFC8705-3-cert", "medium"),
    requirement("RFC8705-4-keys", "low", excluded="it is the client's own affair"),
    requirement("RFC8705-5-alias", "low", planned=True),
]


def exchange(label, status=401, **changes):
    return {
        "label": label,
        "request": {
            "method": "GET",
            "url": "https://localhost:8443/api",
            "headers": [["DPoP", "<proof:1a2b3c4d>"]],
            "body": None,
        },
        "response": {
            "status": status,
            "headers": [["Content-Type", "application/json"]],
            "body": '{"error":"invalid_dpop_proof"}',
            "truncated": False,
        },
        "error": None,
        "started": TIME,
        "duration_ms": 3.2,
        "tls": {"version": "TLSv1.3", "certificate": None},
        "identity": "victim",
        "proofs": [{"header": {"alg": "ES256"}, "claims": {"htm": "GET"}}],
    } | changes


def case(name, verdict="pass", about=("RFC9449-4.3-htm",), **changes):
    decided = verdict in {"pass", "warn", "fail"}
    return {
        "event": "case",
        "id": name,
        "title": f"Title of {name}",
        "threat": "A thief replays what it saw.",
        "role": "rs",
        "mechanism": "dpop",
        "verdict": verdict,
        "evidence": "exact" if verdict == "pass" else None,
        "reason": None if decided else "control before failed: 503",
        "requirements": list(about),
        "findings": [
            {"requirement": it, "verdict": verdict, "expected": "refused: 401", "seen": f"seen by {name}"}
            for it in about
            if decided
        ],
        "notes": [],
        "started": TIME,
        "duration_ms": 12.3,
        "exchanges": [exchange("control before", 200), exchange("hostile"), exchange("control after", 200)],
        "curl": f"curl https://localhost:8443/api -H 'X-Case: {name}' -H 'DPoP: $PROOF' --{'long' * 30}",
        "accepted": None,
    } | changes


MIXED = [
    case("rs.ok.one"),
    case("rs.ok.two", about=["RFC8705-3-cert"], mechanism="mtls"),
    case("rs.bad.htm", "fail"),
    case("as.bad.jti", "fail", about=["RFC9449-4.3-jti"], role="as"),
    case("rs.known", "fail", about=["RFC8705-3-cert"], accepted={"reason": "GW-1", "expires": "2027-01-01"}),
    case("rs.odd", "warn", about=["RFC9449-9-nonce"]),
    case("rs.open.one", "inconclusive"),
    case("rs.open.two", "inconclusive"),
    case("rs.none", "not applicable", reason="no nonce"),
    case("rs.later", "not run", reason="not selected"),
]
FOOTER = {
    "event": "footer",
    "ended": "2026-11-21T02:00:05.000Z",
    "duration_ms": 5123.4,
    "requests": 30,
    "counts": {"pass": 2, "fail": 3},
    "exit": 1,
    "message": None,
}
