"""A FastAPI resource server behind auth0-fastapi-api; KEYBOUND_DOMAIN is the issuer's host and port."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi_plugin import Auth0FastAPI

_DOMAIN = os.environ["KEYBOUND_DOMAIN"]
_METHODS = ["GET", "HEAD", "POST"]

app = FastAPI()
allowed = Auth0FastAPI(domain=_DOMAIN, audience="https://api.example", dpop_enabled=True)
required = Auth0FastAPI(domain=_DOMAIN, audience="https://api.example", dpop_enabled=True, dpop_required=True)


@app.api_route("/allowed", methods=_METHODS)
async def with_dpop(_: Annotated[dict, Depends(allowed.require_auth())]) -> dict:
    return {"message": "canary-of-the-protected-resource"}


@app.api_route("/required", methods=_METHODS)
async def with_dpop_only(_: Annotated[dict, Depends(required.require_auth())]) -> dict:
    return {"message": "canary-of-the-protected-resource"}
