"""oidc-provider behind nginx, which hands on the client certificate in a header.

python tests/targets/terminated_oidc_provider.py     run keybound against the two of them; its exit code is ours
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import oidc_provider
import terminators

_RULES = (
    "ssl_client_certificate {folder}/ca.crt; ssl_verify_client optional_no_ca; ssl_verify_depth 2; location / { "
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https; "
    "proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; "
    "proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert; "
    "proxy_set_header X-SSL-Client-Verify $ssl_client_verify; proxy_pass http://127.0.0.1:{back}; }"
)


@contextlib.contextmanager
def start(folder: Path, nonce: str = "off") -> Iterator[oidc_provider.Running]:
    """Run both until the block ends; yield the server as it is seen from outside."""
    [front] = terminators.free_ports(1)
    issuer = f"https://localhost:{front}"
    with oidc_provider.start(nonce, certificate="header", issuer=issuer, state=folder) as running:
        for name in ("ca.crt", "server.crt", "server.key"):
            shutil.copy(folder / "pki" / name, folder)
        with terminators.terminate("nginx", _RULES, folder, front, running.port):
            yield running


def main() -> int:
    """Run keybound once; return its exit code."""
    with tempfile.TemporaryDirectory(prefix="keybound-oidc-provider-") as name, start(Path(name)) as running:
        command = [
            sys.executable,
            "-m",
            "keybound",
            "run",
            running.profile.stem,
            "--mechanism",
            "mtls",
            *sys.argv[1:],
        ]
        return subprocess.run(command, env=os.environ | running.env, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
