"""What a request says of its proof: the fields that hold one, and the method and URI that it has to be for."""

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from .clients import Client
from .errors import OAuthError, ProofError
from .parts import part
from .proof import Proof, Received, check
from .state import REFERENCE, alias_of


@part
def proof_fields(request: web.Request) -> list[str]:
    """Return the values of the DPoP fields; names of fields have no case (RFC 9110 section 5.1)."""
    return request.headers.getall("DPoP", [])


@part
def method_of(request: web.Request) -> str:
    """Return the method."""
    return request.method


@part
def origin_of(request: web.Request) -> str:
    """Return scheme and authority of the target URI. The Host field only chooses among our own names."""
    issuer = request.app[REFERENCE].issuer
    alias = alias_of(issuer)
    return alias if request.host == alias.partition("//")[2] else issuer


@part
def path_of(request: web.Request) -> str:
    """Return the path of the target URI."""
    return request.rel_url.raw_path


@part
def received(request: web.Request, who: str, token: str | None = None) -> Received:
    """Return what a proof has to match; `who` sent it, `token` came with it."""
    uri = origin_of(request) + path_of(request)
    return Received(method_of(request), uri, request.rel_url.raw_query_string, who, token)


@part
def proof_of(request: web.Request, client: Client, form: Mapping[str, str]) -> Proof | None:
    """Return the proof sent to the authorization server, if any; OAuthError if bad (RFC 9449 section 5)."""
    came_with = replace(received(request, client.id), form=form)
    try:
        return check(proof_fields(request), came_with, request.app[REFERENCE].proofs["as"])
    except ProofError as error:
        raise OAuthError(error.code, str(error)) from error
