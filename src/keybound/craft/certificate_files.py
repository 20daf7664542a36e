"""The certificate set as a folder of PEM files, with a README that says what to register where."""

import os
from pathlib import Path

from keybound.craft.certificates import DNS_NAME, EMAIL, IP_ADDRESS, MEANINGS, URI, make_set
from keybound.errors import UsageError

_README = """# Client certificates for keybound

Made by `keybound certs`, good for 90 days. The keys are not encrypted: use them for tests only, and trust `ca.crt`
nowhere else.

## What to register

1. At whatever ends the TLS connections: ask for client certificates and do not insist on one. Where it verifies them,
   trust `ca.crt` and nothing else (nginx `ssl_client_certificate`, Apache `SSLCACertificateFile`, HAProxy `ca-file`).
2. At the authorization server, a client with `tls_client_auth`, trusting `ca.crt` for it, registered by one of

   | registration parameter | value |
   | --- | --- |
   | `tls_client_auth_subject_dn` | `{subject}` |
   | `tls_client_auth_san_dns` | `{dns}` |
   | `tls_client_auth_san_uri` | `{uri}` |
   | `tls_client_auth_san_ip` | `{ip}` |
   | `tls_client_auth_san_email` | `{email}` |

   keybound uses `client.crt` and `client.key` for it.
3. If it is supported, a client with `self_signed_tls_client_auth` and `jwks.json` as its `jwks`. keybound uses
   `self-signed.crt` and `self-signed.key` for it.

Register none of the others.

## In the profile

```toml
certificates = "{folder}"

[clients.pki]
id = "the client_id of step 2"
auth = "tls_client_auth"
certificate = "{folder}/client.crt"
certificate_key = "{folder}/client.key"
certificate_bound = true

[attacker]
certificate = "{folder}/other.crt"
certificate_key = "{folder}/other.key"
```

## What each file is

| file | |
| --- | --- |
| `ca.crt` | the CA; its key was thrown away |
| `jwks.json` | `self-signed.crt` as a JWK set |
{rows}
"""


def write_set(folder: Path) -> None:
    """Make a set and write `ca.crt`, `jwks.json`, `README.md` and NAME.crt and NAME.key for each certificate.

    Raises UsageError when `folder` exists and holds anything, or cannot be written.
    """
    ca, made = make_set()
    rows = "\n".join(f"| `{name}.crt`, `{name}.key` | {meaning} |" for name, meaning in MEANINGS.items())
    readme = _README.format(
        subject=made["client"].certificate.subject.rfc4514_string(),
        dns=DNS_NAME,
        uri=URI,
        ip=IP_ADDRESS,
        email=EMAIL,
        folder=folder.name,
        rows=rows,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty: give a new folder, so that no certificate in use is lost"
            )
        (folder / "ca.crt").write_text(ca.pem)
        (folder / "jwks.json").write_text(made["self-signed"].jwks)
        (folder / "README.md").write_text(readme)
        for name, certified in made.items():
            (folder / f"{name}.crt").write_text(certified.pem)
            private = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "w") as file:
                file.write(certified.key_pem)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from None
