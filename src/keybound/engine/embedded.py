"""The reference target in a process of its own: started, switched from fault to fault, and stopped."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keybound.craft.jose import Key
from keybound.errors import KeyboundError
from keybound.issuer import keys

_END_SECONDS = 5.0


@dataclass(frozen=True)
class Alone:
    """The issuer that the reference target, as a resource server alone, trusts: its address and its key (PEM)."""

    address: str
    key: str


def reference_alone() -> Alone:
    """Return an issuer on a free port with a new key."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    return Alone(address, keys.pem_of(Key.generate("ES256")))


class Embedded:
    """A reference target that runs. `profile` is the text (TOML, with secrets) to test it with as it is now."""

    def __init__(self, process: "subprocess.Popen[str]", alone: Alone | None) -> None:
        """`process` is a `python -m keybound.reference` that was just started. Raises KeyboundError if it does not."""
        self._process = process
        self._alone = alone
        self.profile = self._answer()

    def switch(self, faults: Sequence[str] = (), nonce: str = "off", *, short_lifetimes: bool = False) -> str:
        """Let the target start anew, in its place, with these faults; return its profile.

        Address and certificates stay. Whatever it knew (tokens, codes, nonces, used proofs, secrets) is gone, and its
        connections are closed. Raises KeyboundError when it has ended, and, changing nothing, when there is no such
        fault.
        """
        if self._process.stdin is None:
            raise KeyboundError("the reference target takes no orders")
        line = json.dumps({"faults": list(faults), "nonce": nonce, "short_lifetimes": short_lifetimes})
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:
            self.stop()
            raise KeyboundError("the reference target has ended") from None
        self.profile = self._answer()
        return self.profile

    def stop(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was written last may find no reader
                    pipe.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> str:
        """Return the profile that the process says it can be tested with."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self.stop()
            raise KeyboundError("the reference target did not start")
        answer = json.loads(line)
        if "error" in answer:
            raise KeyboundError(answer["error"])
        text: str = answer["profile"]
        # [tokens] is the last table
        return f"{text}key = '''\n{self._alone.key}'''\n" if self._alone else text


def start_reference(
    faults: Sequence[str] = (),
    nonce: str = "off",
    alone: Alone | None = None,
    *,
    short_lifetimes: bool = False,
) -> Embedded:
    """Start the reference target in a process of its own. Raises KeyboundError when it does not start.

    `alone`: as a resource server alone, with tokens that this issuer mints. `short_lifetimes`: whatever it keeps for a
    time, it keeps for seconds, so that nobody has to wait for long.
    """
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-P", "-m", "keybound.reference", "--nonce", nonce]
    command += [word for fault in faults for word in ("--fault", fault)]
    command += ["--rs-only", alone.address] if alone else []
    command += ["--short-lifetimes"] if short_lifetimes else []
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    return Embedded(process, alone)
