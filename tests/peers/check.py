"""Run keybound against the peers and print what it says of each.

`python -m peers.check [NAME ...]`, in the folder `tests`, takes names of variants and defects (default: all of them);
"a+b" is one server with two variants, as the tests have them.
Exit code 1 if a lawful variant gets a fail or an inconclusive, or a defect gets no fail.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from peers.variants import DEFECTS, VARIANTS
from support.command import ENVIRONMENT

TESTS = Path(__file__).parents[1]
KEYBOUND = [sys.executable, "-m", "keybound"]
LONGEST = 1200  # seconds for one run
# Defects that keybound warns of: here the text, or this machine, leaves lawful servers room.
WARNED = {
    "both-unknown-claims",  # implied by section 4.2 only
    "nonce-no-header",  # indicative in section 8
    "rs-nonce-optional",  # the server offers nonces and never asks for one
    "refresh-other-certificate",  # a SHOULD of RFC 8705 section 4
    "rs-bearer-with-proof",  # some servers check the proof under either scheme
    "rs-htm-head",  # some servers treat HEAD as GET all the way
    "rs-htu-forwarded",  # loopback counts as a trusted proxy
    "rs-htu-host-header",  # a server that has no name of its own can but believe Host
    "as-htu-forwarded-proto",  # loopback counts as a trusted proxy
    "as-htu-forwarded-standard",
    "rs-htu-forwarded-prefix",
    "rs-htu-original-url",
    "as-htu-path-case",  # the normalisation of section 4.3 is a SHOULD
    "rs-htu-slashes",
    "rs-iat-text",  # the time itself is right
    "nonce-cacheable",  # a lower-case should of section 8.2
    "mtls-subject-set",  # how names are compared is left to RFC 4514 and the CA
    "mtls-usage",  # RFC 8705 says nothing of usages
    "resumed-loses",  # it only keeps the right client out
    "unbound-dpop",  # who has the token can use it as Bearer too
    "nonce-hidden",  # an informative note of sections 7.1 and 8
    "challenge-missing",  # here and below, the refusal holds and only its words are wrong
    "challenge-other-scheme",
    "challenge-syntax",
    "challenge-uninvited",
    "rs-replay-bytes",  # no text says that replay has to be noticed
    "rs-replay-race",
    "rs-replay-signature",
    "as-two-empty",  # an empty field is no field to some servers
    "as-rsa-1024",  # few servers enforce RFC 7518 section 3.3
    "as-rsa-exponent-1",  # a client that does this to its own key hurts itself
    "as-alg-unlisted",  # a list of what is supported, not of all that is
    "as-jti-burned",  # a client makes a new jti for each proof anyway
    "nonce-burns-code",
    "nonce-success-useless",
    "rs-x5u-fetched",  # a SHOULD of RFC 8725 section 3.10
    "rs-htu-absolute-form",  # as with Host
    "jkt-leading-zero",
    "rs-base64-junk",
    "authorization-mixed",  # two fields of one name are read in many ways
    "token-cacheable",
    "registration-drops",  # servers may change what was asked for, and say so
    "as-htu-slash-decoded",
    "as-jwk-optional-members",
    "as-replay-forgets",
}
WAITING = {"as-replay-forgets"}  # seen by cases of --slow alone
# What every peer is warned of, for its habits: none of this finds a defect.
ORDINARY = ("code.reuse-revokes", "proof.exp.past", "proof.nbf.future", "token.header-and-")
# Where to look first, by the hint of a defect; most are found there, and the rest with all cases.
FIRST = {
    "htu": "htu or host or moved or uri",
    "nonce": "nonce",
    "cnf": "cnf or issue",
    "jwk": "jwk or jku or x5u",
    "iat": "iat",
    "downgrade": "stolen or token",
    "htm": "htm or method or moved",
    "jkt": "stolen or jwk",
    "typ": "typ or jwt",
    "signature": "signature",
    "refresh": "refresh",
    "dpop_jkt": "code or par.dpop",
    "one header": "twice or header",
    "ath": "ath",
    "introspection": "introspection",
    "challenge": "challenge",
    "replay": "replay",
    "metadata": "metadata",
    "code": "as.code",
    "alg none": "alg",
    "HS256": "alg",
    "alg": "alg",
    "crit": "crit",
    "private": "private",
    "userinfo": "userinfo.stolen",
    "effect": "write or stolen",
    "segments": "jws",
    "serialization": "jws",
    "base64url": "jws",
    "method": "stolen or pair",
    "request_uri": "request-uri or dpop-jkt",
    "token response": "token",
    "jti": "jti",
    "duplicate member": "duplicate",
    "registration": "registration",
}


@dataclass(frozen=True)
class Outcome:
    """What one run said: exit code, verdicts with their cases, whether it came to its end, seconds."""

    exit: int
    cases: dict
    complete: bool
    seconds: float
    output: str

    def of(self, verdict):
        return [case for case, (given, _) in self.cases.items() if given == verdict]

    def lines(self, verdict):
        return [f"{case}: {why}" for case, (given, why) in self.cases.items() if given == verdict]


@contextmanager
def peer(name):
    """A running peer; gives its profile as TOML."""
    kind = "--defect" if name in DEFECTS else "--variant"
    command = [sys.executable, "-m", "peers.server", kind, name]
    process = subprocess.Popen(command, env=ENVIRONMENT | {"PYTHONPATH": str(TESTS)}, stdin=PIPE, stdout=PIPE)
    try:
        yield json.loads(process.stdout.readline())["profile"]
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


def run(name, keep=None):
    """Run keybound against the peer `name`; `keep` is a folder for the report."""
    first = FIRST.get(DEFECTS[name].hint) if name in DEFECTS else None
    if first:
        outcome = _run(name, keep, "-k", first)
        if wrong(name, outcome) == "":
            return outcome
    return _run(name, keep)


def _run(name, keep, *options):
    with tempfile.TemporaryDirectory() as scratch, peer(name) as profile:
        folder = Path(keep or scratch) / name
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "target.toml"
        target.touch(mode=0o600)
        target.write_text(profile)
        start = time.monotonic()
        done = subprocess.run(
            [
                *KEYBOUND,
                "run",
                str(target),
                "--out",
                str(folder / "out"),
                "-n",
                "0",
                *_selection(name),
                *options,
            ],
            env=ENVIRONMENT,
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        seconds = time.monotonic() - start
        target.unlink()  # it holds keys
        file = folder / "out" / "events.jsonl"
        events = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    cases = {event["id"]: (event["verdict"], reason(event)) for event in events if event["event"] == "case"}
    complete = bool(events) and events[-1]["event"] == "footer"
    return Outcome(done.returncode, cases, complete, seconds, done.stdout + done.stderr)


def _selection(name):
    """Return the options that leave out the cases that cannot see the defect, to save time."""
    if name not in DEFECTS:
        return []
    defect = DEFECTS[name]
    role = [] if defect.roles == "both" else ["--role", defect.roles.lower()]
    slow = ["--slow"] if name in WAITING else []
    return [*role, *slow, "--mechanism", defect.mechanism]


def reason(event):
    seen = [f"{f['requirement']} {f['seen']}" for f in event["findings"] if f["verdict"] == event["verdict"]]
    return event["reason"] or "; ".join(seen)


def wrong(name, outcome):
    """Why the outcome is not what the table of peers says, or an empty string."""
    if not outcome.complete:
        return f"the run has no end: exit {outcome.exit}: {outcome.output[-2000:]}"
    warned = [case for case in outcome.of("warn") if not any(part in case for part in ORDINARY)]
    red = outcome.of("fail") + (warned if name in WARNED else [])
    if name in DEFECTS and not red:
        return missed(DEFECTS[name])
    alarms = [] if name in DEFECTS else outcome.lines("fail") + outcome.lines("inconclusive")
    if outcome.exit != (1 if outcome.of("fail") else 0):
        alarms.append(f"the exit code is {outcome.exit}")
    return "\n".join(alarms)


def missed(defect):
    return f"not found: {defect.line} ({defect.roles}; should be red: {defect.hint})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", default=[*VARIANTS, *DEFECTS])
    parser.add_argument("--keep", type=Path, help="folder for the reports")
    parser.add_argument("--verbose", action="store_true", help="list the cases that are red")
    options = parser.parse_args()
    broken = 0
    print(f"{'peer':28} {'exit':>4} {'fail':>4} {'inconcl.':>8} {'warn':>4} {'pass':>4} {'s':>4}")
    for name in options.names:
        outcome = run(name, options.keep)
        complaint = wrong(name, outcome)
        broken += bool(complaint)
        count = Counter(verdict for verdict, _ in outcome.cases.values())
        numbers = f"{count['fail']:4} {count['inconclusive']:8} {count['warn']:4} {count['pass']:4}"
        mark = "  <-- wrong" if complaint else ""
        print(f"{name:28} {outcome.exit:4} {numbers} {outcome.seconds:4.0f}{mark}", flush=True)
        if options.verbose:
            for line in outcome.lines("fail") + outcome.lines("inconclusive"):
                print(f"    {line[:300]}")
        if complaint and (name in DEFECTS or not options.verbose):
            print(f"    {complaint[:1500]}")
    print(f"{broken} of {len(options.names)} are not as they should be")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
