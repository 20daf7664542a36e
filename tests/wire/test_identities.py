"""Connections of two TLS identities are never mixed: what one proved never speaks for another."""

import json
import random
import socketserver
import ssl
import threading

import pytest

from keybound.craft.certificates import leaf_der
from keybound.craft.request import NO_CERTIFICATE, Identity
from keybound.reference import pki
from keybound.wire.client import Wire
from keybound.wire.exchange import Request


class Mirror(socketserver.StreamRequestHandler):
    """Answers every request with the thumbprint of the connection's certificate; keeps connections open."""

    def handle(self):
        while line := self.rfile.readline():
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            der = self.request.getpeercert(binary_form=True)
            body = json.dumps({"seen": der.hex() if der else None, "path": line.decode()}).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, context):
        super().__init__(("127.0.0.1", 0), Mirror)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request, client_address):
        pass


@pytest.fixture(scope="module")
def made():
    return pki.make()


@pytest.fixture(scope="module")
def url(made):
    with Server(made.tls_context()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def identities(made):
    known = {
        name: Identity(name, made.clients[name].pem, made.clients[name].key_pem)
        for name in ("client", "twin", "self-signed")
    }
    # the same name with another certificate is another identity
    same_name = Identity("client", made.clients["other"].pem, made.clients["other"].key_pem)
    return [*known.values(), same_name, NO_CERTIFICATE]


def seen(exchange):
    return exchange.response.object["seen"]


def shown(identity):
    return leaf_der(identity.certificate).hex() if identity.certificate else None


def test_each_request_goes_over_its_own_identity(made, url, identities):
    order = random.Random(8705).choices(identities, k=200)
    with Wire(made.ca.pem) as wire:
        for identity in order:
            assert seen(wire.send(Request("GET", url), identity)) == shown(identity)


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_resumed_session_is_of_the_same_identity(made, url, identities, version):
    with Wire(made.ca.pem) as wire:
        for identity in identities:
            pinned = Identity(identity.name, identity.certificate, identity.certificate_key, version)
            exchange, reused = wire.resumed(Request("GET", url), pinned, "resumed")
            assert reused
            assert seen(exchange) == shown(identity)


def test_identity_offers_only_its_version(made, url):
    with Wire(made.ca.pem) as wire:
        for version in ("TLSv1.2", "TLSv1.3"):
            assert wire.send(Request("GET", url), Identity("none", version=version)).tls_version == version


def test_unknown_certificate_is_refused_by_tls(made, url):
    stranger = pki.issue(pki.named("stranger"))
    with Wire(made.ca.pem) as wire:
        exchange = wire.send(Request("GET", url), Identity("stranger", stranger.pem, stranger.key_pem))
    assert exchange.response is None
    assert ssl.HAS_TLSv1_3
