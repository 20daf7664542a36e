"""The `keybound` command. Thin: it reads options, calls the pieces, and turns errors into one line and an exit code."""

import difflib
import json
import os
import re
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from keybound import __version__
from keybound.errors import KeyboundError, UsageError
from keybound.report.text import one_line

_ABOUT = "Conformance and attack tests for sender-constrained OAuth tokens: DPoP (RFC 9449) and mutual TLS (RFC 8705)."

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=_ABOUT)


class Role(StrEnum):
    """Whose behaviour is checked."""

    AS = "as"
    RS = "rs"


class Mechanism(StrEnum):
    """How tokens are bound to their sender."""

    DPOP = "dpop"
    MTLS = "mtls"


class Scope(StrEnum):
    """How many cases a fault of the selftest is shown to."""

    NAMED = "named"
    KIND = "kind"
    ALL = "all"


class Nonce(StrEnum):
    """Which side of the reference target demands nonces."""

    OFF = "off"
    AS = "as"
    RS = "rs"
    BOTH = "both"


JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]
FaultOption = Annotated[
    list[str] | None, typer.Option("--fault", metavar="ID", help="Switch on a fault; repeatable.")
]


def _known_faults(ids: list[str] | None) -> tuple[str, ...]:
    from keybound.reference.faults import FAULTS

    for name in ids or ():
        if name not in FAULTS:
            near = difflib.get_close_matches(name, FAULTS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "; `keybound selftest --list` shows them"
            raise UsageError(f"unknown fault {name!r}{hint}")
    return tuple(ids or ())


def _workers(value: str) -> str:
    if not re.fullmatch(r"auto|[0-9]{1,3}", value):
        raise UsageError(f"-n takes a number or auto, not {value!r}")
    return value


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=1, ensure_ascii=False))


@app.command()
def run(
    target: Annotated[
        str | None,
        typer.Argument(
            help="Profile file, or name of a shipped profile. Default: the embedded reference target."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("keybound-report"),
    keyword: Annotated[
        str | None, typer.Option("-k", help="Only cases whose id matches this expression.")
    ] = None,
    role: Annotated[Role | None, typer.Option(help="Only cases of this role.")] = None,
    mechanism: Annotated[Mechanism | None, typer.Option(help="Only cases of this mechanism.")] = None,
    workers: Annotated[str, typer.Option("-n", help="Worker processes: a number, or auto.")] = "0",
    fault: FaultOption = None,
    nonce: Annotated[Nonce, typer.Option(help="Reference target only: who demands nonces.")] = Nonce.OFF,
    rs_only: Annotated[
        bool,
        typer.Option("--rs-only", help="Reference target only: a resource server alone, with minted tokens."),
    ] = False,
    requirements: Annotated[
        str | None,
        typer.Option(
            metavar="PROFILE",
            help="Which requirements count: rfc, fapi2, atproto, haip, mcp ... or a file. "
            "Default: what the target's profile says, or rfc.",
        ),
    ] = None,
    slow: Annotated[
        bool, typer.Option("--slow", help="Also the cases that wait, for some minutes, all at the same time.")
    ] = False,
    flood: Annotated[
        bool, typer.Option("--flood", help="Also the cases that send thousands of requests.")
    ] = False,
) -> None:
    """Run the suite against a target and report per requirement."""
    from keybound.engine.command import run_suite
    from keybound.engine.run import Options

    if target is not None and (fault or rs_only or nonce is not Nonce.OFF):
        raise UsageError(
            "--fault, --nonce and --rs-only are for the embedded reference target: leave TARGET out"
        )
    options = Options(
        target, out, role, mechanism, keyword, _known_faults(fault), nonce, rs_only, requirements, slow, flood
    )
    raise typer.Exit(run_suite(options, _workers(workers)))


@app.command()
def serve(
    fault: FaultOption = None,
    nonce: Annotated[Nonce, typer.Option(help="Who demands nonces.")] = Nonce.OFF,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0: any free one.")] = 0,
    profile: Annotated[Path, typer.Option(help="Where to write the profile.")] = Path(
        "keybound-reference.toml"
    ),
    rs_only: Annotated[
        str | None,
        typer.Option(
            "--rs-only", metavar="ISSUER", help="Be a resource server alone, which trusts this issuer."
        ),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(metavar="HEADER", help="Speak plain HTTP; the client certificate comes in HEADER."),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="With --behind-proxy: the https URL of the proxy.")
    ] = None,
    certs: Annotated[
        Path | None,
        typer.Option(
            help="With --behind-proxy: where to write ca.crt, server.crt, server.key for the proxy."
        ),
    ] = None,
) -> None:
    """Start the reference target and write a ready profile for it."""
    from keybound.reference.server import Running, Settings
    from keybound.reference.server import serve as serve_reference

    faults = _known_faults(fault)
    if (behind_proxy is None) != (issuer is None) or (certs is not None and behind_proxy is None):
        raise UsageError("--behind-proxy HEADER and --issuer URL go together, and --certs DIR goes with them")

    def ready(server: Running) -> None:
        private = {profile: server.profile}
        if certs is not None:
            certs.mkdir(parents=True, exist_ok=True)
            private |= {certs / name: text for name, text in server.files.items()}
        for path, text in private.items():
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
        behind = f", behind it http://{server.address}" if behind_proxy else ""
        print(
            f"reference target at {server.issuer}{behind}\nprofile in {profile}: keybound run {profile}",
            flush=True,
        )

    try:
        settings = Settings(host, port, nonce.value, faults, rs_only, behind_proxy, issuer)
        serve_reference(settings, ready)
    except OSError as error:
        raise UsageError(f"cannot serve on {host}:{port} or write {profile}: {error.strerror}") from None


@app.command()
def issuer(
    profile: Annotated[str, typer.Argument(help='Profile file with [tokens] source = "minted".')],
) -> None:
    """Run the built-in issuer until interrupted: for a resource server that fetches keys when it starts."""
    import signal

    from keybound.issuer import keys
    from keybound.issuer.server import instructions, serving
    from keybound.profile.target_profile import load, parse
    from keybound.profile.tokens import Minted

    text, folder = load(profile)
    settings = parse(text, profile, folder).tokens
    if not isinstance(settings, Minted):
        raise UsageError(f'{profile} has no [tokens] with source = "minted"')
    known = keys.load(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serving(known):
        print(instructions(known), flush=True)
        signal.pause()


@app.command("list")
def list_cases(
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write one page of all cases.")] = False,
) -> None:
    """List every case: id, title, requirements."""
    from keybound.cases.declare import load_all
    from keybound.catalogue.show import case_data, page

    found = load_all().values()
    if as_json:
        _print_json([case_data(case) for case in found])
        return
    if markdown:
        print(page(found), end="")
        return
    for case in found:
        print(f"{case.id:44} {case.title}")
    print(f"{len(found)} cases")


@app.command()
def show(
    case: Annotated[str, typer.Argument(help="Its id, as `keybound list` shows it.")],
) -> None:
    """Show one case whole: its requirements, what is changed where, its faults, and where its row stands."""
    from keybound.cases.declare import load_all
    from keybound.catalogue import requirements
    from keybound.catalogue.show import found, shown
    from keybound.tree import fixtures

    print(shown(found(case, load_all()), requirements.load(fixtures() / "requirements")), end="")


@app.command()
def requirements(
    profile: Annotated[
        str | None, typer.Argument(help="Only what counts in this profile of requirements: rfc, fapi2 ...")
    ] = None,
    as_json: JsonOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check that catalogue, cases and faults fit together.")
    ] = False,
    page: Annotated[
        bool, typer.Option("--coverage", help="Print docs/coverage.md: what became of every known scenario.")
    ] = False,
) -> None:
    """List every requirement with the cases that speak of it."""
    from keybound.catalogue.lint import coverage, coverage_page, lint
    from keybound.catalogue.requirement_profiles import shipped

    if page:
        print(coverage_page(), end="")
        return
    if check:
        report = lint()
        for problem in report.problems:
            print(problem, file=sys.stderr)
        for spec, count in {**report.per_spec, "all": report.counts}.items():
            print(
                f"{spec:10} {count.requirements:4} requirements: {count.with_cases:3} with cases, "
                f"{count.planned:3} planned, {count.excluded:3} excluded"
            )
        raise typer.Exit(1 if report.problems else 0)
    rows = coverage(profile)
    if as_json:
        _print_json(rows)
        return
    for row in rows:
        state = (
            "planned" if row["planned"] else "excluded" if row["excluded"] else f"{len(row['cases'])} cases"
        )
        print(f"{row['id']:44} {row['level']:10} {row['role']:4} {state:10} {row['title']}")
    print(f"{len(rows)} requirements")
    if profile is None:
        print(f"Which of them count is said by a profile: {', '.join(shipped())}")


@app.command()
def selftest(
    fault: FaultOption = None,
    show: Annotated[bool, typer.Option("--list", help="List the faults and stop.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the kill matrix as JSON and Markdown into this folder.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("-j", min=1, help="Runs at the same time, besides those that wait.")
    ] = os.cpu_count() or 1,
    rs_only: Annotated[
        bool, typer.Option("--rs-only", help="Every rs- fault, at a resource server alone.")
    ] = False,
    scope: Annotated[
        Scope,
        typer.Option(
            help="Which cases a fault is shown to: those that name it, those of its kind (the rest where these do not "
            "settle it), or all."
        ),
    ] = Scope.KIND,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Show everything to each fault and write what turns red: the kill matrix."
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Show everything to each fault and say what differs from the kill matrix."
        ),
    ] = False,
) -> None:
    """Prove the checks: every fault of the reference target must turn exactly its requirements red."""
    from keybound.engine.selftest import selftest as run_selftest
    from keybound.reference.faults import FAULTS

    if show:
        for name, entry in FAULTS.items():
            print(f"{name:40} {entry.wrong}")
        return
    if (write or check) and (rs_only or scope != Scope.KIND or (write and check)):
        raise UsageError(
            "--write and --check look at everything: use one of them, without --rs-only and --scope"
        )
    matrix: Literal["write", "check"] | None = "write" if write else "check" if check else None
    code = run_selftest(_known_faults(fault), jobs, out, rs_only=rs_only, scope=scope.value, matrix=matrix)
    raise typer.Exit(code)


@app.command()
def report(
    stream: Annotated[Path, typer.Argument(help="A report folder, or its events.jsonl.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: beside the stream.")] = None,
) -> None:
    """Render the reports of an event stream again."""
    from keybound.engine.command import show_report

    path = stream / "events.jsonl" if stream.is_dir() else stream
    raise typer.Exit(show_report(path, out or path.parent))


@app.command()
def certs(
    folder: Annotated[Path, typer.Argument(help="New folder for the certificates and their README.")],
) -> None:
    """Make client certificates to register at a target, and the wrong ones to try there."""
    from keybound.craft.certificate_files import write_set

    write_set(folder)
    print(f"certificates in {folder}; {folder / 'README.md'} says what to register where")


@app.command()
def schema() -> None:
    """Print the JSON Schema of target profiles, for editors."""
    from keybound.profile.schema import profile_schema

    _print_json(profile_schema())


@app.command()
def version() -> None:
    """Print the version."""
    print(f"keybound {__version__}")


def _fail(message: str, code: int) -> NoReturn:
    print(f"keybound: {one_line(message)}", file=sys.stderr)
    raise SystemExit(code)


def main() -> NoReturn:
    """Run the command; the exit code is 0 holds, 1 findings, 2 usage, 3 target, 4 keybound failed."""
    try:
        raise SystemExit(app(standalone_mode=False))  # an Exit of a command comes back as its code
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", 130)
    except KeyboundError as error:
        _fail(str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001 - a traceback may hold secrets
        usage = getattr(
            error, "format_message", None
        )  # typer brings click's errors along under changing names
        if usage is not None:
            _fail(f"{usage()} `keybound --help` shows how it is used.", UsageError.exit_code)
        last = traceback.extract_tb(error.__traceback__)[-1]
        _fail(
            f"keybound itself failed: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}", 4
        )
