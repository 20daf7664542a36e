"""The built-in issuer's server: metadata (RFC 8414, OpenID), keys, and introspection (RFC 7662, RFC 9701).

It issues nothing over HTTP: cases mint the tokens themselves. It keeps no state: an opaque token holds its own
introspection response, sealed.
"""

import base64
import contextlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from keybound.craft.jose import Json, read_json, unb64url
from keybound.errors import UsageError
from keybound.issuer.introspection import MEDIA_TYPE, answer, signed_response
from keybound.issuer.keys import IssuerKeys, write_private
from keybound.profile.tokens import Minted

_MAX_BODY = 65536
_NOT_HERE = {"error": "unsupported_grant_type", "error_description": "keybound mints its tokens itself"}


def metadata(settings: Minted) -> Json:
    """Return the metadata document, good for RFC 8414 and for OpenID Connect Discovery."""
    at = settings.address
    return {
        "issuer": settings.iss,
        "jwks_uri": f"{at}/jwks",
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "introspection_endpoint": f"{at}/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_signing_alg_values_supported": [settings.alg],
        "response_types_supported": ["code"],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [settings.alg],
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "ES384", "PS256", "RS256"],
        "tls_client_certificate_bound_access_tokens": True,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    keys: IssuerKeys

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing: requests hold tokens."""

    def do_GET(self) -> None:
        """Serve the documents."""
        path = urlsplit(self.path).path
        if "/.well-known/oauth-authorization-server" in path or "/.well-known/openid-configuration" in path:
            self._json(200, metadata(self.keys.settings))
        elif path == "/jwks":
            self._json(200, self.keys.jwks())
        elif path.startswith("/stranger/"):
            self._stranger(path.removeprefix("/stranger/"))
        else:
            self._json(404, {"error": "not_found"})

    def do_POST(self) -> None:
        """Serve introspection."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MAX_BODY:
            self.close_connection = True
            self._json(413, {"error": "invalid_request"})
            return
        form = {
            name: values[0]
            for name, values in parse_qs(self.rfile.read(int(length)).decode("latin-1")).items()
        }
        if urlsplit(self.path).path != "/introspect":
            self._json(400, _NOT_HERE)
        elif not self._authenticated(form):
            self._json(401, {"error": "invalid_client"}, {"WWW-Authenticate": 'Basic realm="keybound"'})
        else:
            self._introspect(form.get("token", ""))

    def _introspect(self, token: str) -> None:
        signed = MEDIA_TYPE in self.headers.get("Accept", "")
        said, wrong = answer(self.keys, token, signed=signed)
        if not signed or wrong == "plain":
            self._json(200, said)
            return
        self._send(200, MEDIA_TYPE, signed_response(self.keys, said, wrong).encode(), {})

    def _stranger(self, encoded: str) -> None:
        """Serve a key set that an attacker has put behind `jku`; the key is in the URL."""
        try:
            self._json(200, {"keys": [read_json(unb64url(encoded))]})
        except ValueError:
            self._json(404, {"error": "not_found"})

    def _authenticated(self, form: dict[str, str]) -> bool:
        pair = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                name, _, secret = base64.b64decode(credentials).decode().partition(":")
                pair = (unquote_plus(name), unquote_plus(secret))
        right = (self.keys.settings.introspection_client, self.keys.introspection_secret)
        return all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(pair, right, strict=True))

    def _json(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(body).encode(), headers or {})

    def _send(self, status: int, content_type: str, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away, or does not trust the certificate, is no fault of ours."""


def tls_files(settings: Minted) -> tuple[Path, Path]:
    """Return (certificate, private key) of the issuer's own server, beside its key; made if missing."""
    if "-----BEGIN" in settings.key:
        raise UsageError(
            "tokens.address is https: let tokens.key be a path, as the certificate is kept beside it"
        )
    certificate = Path(settings.key).with_suffix(".crt")
    private = certificate.with_name(f"{certificate.stem}-tls.pem")
    if not certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.PrivateFormat.PKCS8
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        write_private(private, pem)
        certificate.write_text(_server_certificate(key, urlsplit(settings.address).hostname or "localhost"))
    return certificate, private


def _server_certificate(key: ec.EllipticCurvePrivateKey, host: str) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "keybound issuer")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    try:
        names.append(x509.IPAddress(ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=825))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(dict.fromkeys(names))), critical=False)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _serves_already(settings: Minted, keys: IssuerKeys) -> bool:
    """Return True when an issuer with the same keys answers at the address: `keybound issuer` in another terminal."""
    verify: Any = True
    if settings.address.startswith("https"):
        verify = ssl.create_default_context(cafile=str(tls_files(settings)[0]))
    try:
        found = httpx.get(f"{settings.address}/jwks", verify=verify, timeout=5, trust_env=False)
        return bool(found.json() == keys.jwks())
    except (httpx.HTTPError, ValueError):
        return False


@contextlib.contextmanager
def serving(keys: IssuerKeys) -> Iterator[None]:
    """Serve the issuer while the block runs; do nothing where another process serves the same one.

    Raises UsageError when the address cannot be had.
    """
    settings = keys.settings
    parts = urlsplit(f"//{settings.listen}" if settings.listen else settings.address)
    host = "127.0.0.1" if parts.hostname == "localhost" else str(parts.hostname)
    handler = type("Handler", (_Handler,), {"keys": keys})
    try:
        server = _Server((host, int(parts.port or 0)), handler)
    except OSError as error:
        if _serves_already(settings, keys):
            yield
            return
        raise UsageError(
            f"cannot serve tokens.address {settings.address}: {error.strerror}"
            " (what answers there, if anything, is no issuer with this key)"
        ) from None
    if settings.address.startswith("https"):
        certificate, private = tls_files(settings)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def instructions(keys: IssuerKeys) -> str:
    """Return the lines an operator copies into the configuration of the resource server."""
    settings = keys.settings
    audience = settings.audience if isinstance(settings.audience, str) else " or ".join(settings.audience)
    lines = [
        f"issuer         {settings.iss}",
        f"keys           {settings.address}/jwks  ({settings.alg}, kid {keys.kid})",
        f"audience       {audience}",
    ]
    if settings.address.startswith("https"):
        lines.append(f"trust          {tls_files(settings)[0]}  (certificate of this issuer)")
    if "opaque" in settings.formats:
        lines.append(
            f"introspection  {settings.address}/introspect  (client {settings.introspection_client}, secret below)"
        )
        lines.append(f"secret         {keys.introspection_secret}")
    return "\n".join(lines)
