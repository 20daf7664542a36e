"""The protected resources."""

import json
from collections import deque

from aiohttp import web

from . import jose
from .access import authorize
from .parts import part
from .state import REFERENCE, USERNAME
from .tokens import AccessToken

MAX_NOTES = 50
MAX_NOTE_LENGTH = 1024


async def api(request: web.Request) -> web.Response:
    """The protected resource: GET, HEAD and POST give the same text."""
    token = await authorize(request, "read")
    return web.json_response({"message": request.app[REFERENCE].canary, "client": token.claims["client_id"]})


async def userinfo(request: web.Request) -> web.Response:
    """The user's claims (OpenID Connect Core section 5.3)."""
    token = await authorize(request, "openid")
    return web.json_response({"sub": token.claims["sub"], "preferred_username": USERNAME})


async def notes(request: web.Request) -> web.Response:
    """The notes of the token's subject."""
    token = await authorize(request, "read")
    return web.json_response({"notes": list(request.app[REFERENCE].notes.get(_owner(token), ()))})


async def new_note(request: web.Request) -> web.Response:
    """Add a note."""
    await add_note(request)
    return web.json_response({"added": True}, status=201)


@part
async def add_note(request: web.Request) -> None:
    """Add the note in the body to those of the token's subject."""
    await keep_note(request, await authorize(request, "read"))


async def keep_note(request: web.Request, token: AccessToken) -> None:
    """Keep the note in the body of a request as one of the token's subject."""
    try:
        body = jose.parse_json(await request.read())
    except ValueError:
        raise web.HTTPBadRequest(text="not JSON") from None
    note = body.get("note") if isinstance(body, dict) else None
    if not isinstance(note, str) or len(note) > MAX_NOTE_LENGTH:
        raise web.HTTPBadRequest(text="note is missing, not a string or too long")
    kept = request.app[REFERENCE].notes
    kept.setdefault(_owner(token), deque(maxlen=MAX_NOTES)).append(note)


def _owner(token: AccessToken) -> str:
    return json.dumps([token.claims["client_id"], token.claims["sub"]])
