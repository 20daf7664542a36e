"""Tokens that do not come from the target's authorization server: minted by keybound, or got by a program."""

import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from typing import Any

from keybound.craft.access_token import AccessToken, TokenChange
from keybound.craft.certificates import self_signed, x5t_s256
from keybound.craft.jose import Json, Key, read_json
from keybound.errors import Inconclusive, NotApplicable, UsageError
from keybound.flows.lanes import Lane, Token
from keybound.flows.session import Session
from keybound.issuer.keys import IssuerKeys, load, pem_of
from keybound.profile.clients import Client, Mechanism
from keybound.profile.target_profile import Profile
from keybound.profile.tokens import Command, Format, Minted, Source
from keybound.wire.exchange import Response

_SHOWN = 200


class Minting:
    """What a session needs to have tokens of its own. Raises UsageError when the issuer's key cannot be used."""

    def __init__(self, profile: Profile) -> None:
        """Prepare for `profile`, which has [tokens]."""
        assert profile.tokens is not None  # noqa: S101 - the session asks before
        self.settings = profile.tokens
        self.keys: IssuerKeys | None = load(self.settings) if isinstance(self.settings, Minted) else None
        self._clients = profile.all_clients
        self._own: dict[Mechanism, dict[str, Client]] = {}

    def clients(self, mechanism: Mechanism) -> dict[str, Client]:
        """Return whose tokens are minted: the profile's clients of this mechanism, or one that keybound makes up."""
        if mechanism not in self.settings.mechanisms:
            return {}
        fitting = {name: client for name, client in self._clients.items() if mechanism in client.mechanisms}
        if not fitting and mechanism not in self._own:
            values: dict[str, Any] = {"id": "keybound", "grants": [], "mechanisms": [mechanism]}
            if mechanism == "mtls":
                values["certificate"], values["certificate_key"] = self_signed()
            self._own[mechanism] = {"keybound": Client.model_validate(values)}
        return fitting or self._own[mechanism]

    def lanes(self, mechanism: Mechanism) -> list[Lane]:
        """Return a way to tokens for each client and format."""
        return [
            Lane(
                f"{name}-opaque" if form == "opaque" else name,
                client,
                self.settings.source,
                mechanism,
                form == "opaque",
            )
            for name, client in self.clients(mechanism).items()
            for form in self.formats
        ]

    @property
    def source(self) -> Source:
        """How the profile says that the tokens come about, which is also the grant of their lanes."""
        return self.settings.source

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats of the tokens; a program's are what they are."""
        return self.settings.formats if isinstance(self.settings, Minted) else ("jwt",)

    def issue(self, session: Session, lane: Lane, key: Key) -> Token:
        """Return a new token of `lane`, bound to `key` or to the lane's certificate."""
        if isinstance(self.settings, Command):
            return run_command(session, self.settings, lane, key)
        return mint(session, lane, key)


def _binding(lane: Lane, key: Key) -> Json:
    if lane.mechanism == "dpop":
        return {"jkt": key.thumbprint}
    return {"x5t#S256": x5t_s256(str(lane.client.certificate))}


def honest(session: Session, lane: Lane, key: Key) -> AccessToken:
    """Return a valid token of `lane`, bound to `key` or to the lane's certificate, before it is encoded."""
    keys, now = keys_of(session), int(session.now())
    settings = keys.settings
    claims: Json = {
        "iss": settings.iss,
        "sub": settings.subject,
        "aud": settings.audience if isinstance(settings.audience, str) else list(settings.audience),
        "client_id": settings.client_id,
        "iat": now,
        "exp": now + settings.lifetime,
        "jti": settings.jti.replace("{random}", secrets.token_hex(16)),
        **({"scope": settings.scope} if settings.scope else {}),
        **settings.claims,
        "cnf": _binding(lane, key),
    }
    header: Json = {
        "alg": keys.signing.alg,
        "kid": keys.kid,
        **({"typ": settings.typ} if settings.typ else {}),
    }
    if lane.opaque:
        kind = "DPoP" if lane.mechanism == "dpop" else "Bearer"
        return AccessToken(
            keys.signing, {}, {"active": True, "token_type": kind, **claims}, keys.signing.sign, keys.seal
        )
    return AccessToken(keys.signing, header, claims, keys.signing.sign)


def mint(session: Session, lane: Lane, key: Key, change: TokenChange | None = None) -> Token:
    """Return a token of `lane`, with `change` applied to it before it is encoded."""
    token = honest(session, lane, key)
    lifetime = int(token.claims["exp"]) - int(token.claims["iat"])
    if change is not None:
        change(token)
    value = token.encode()
    session.secrets(value, "token")
    kind = "DPoP" if lane.mechanism == "dpop" else "Bearer"
    return _token(session, lane, key, {"access_token": value, "token_type": kind, "expires_in": lifetime})


def _token(session: Session, lane: Lane, key: Key, body: Json) -> Token:
    return Token(
        str(body["access_token"]),
        lane,
        key,
        session.identity(lane.client),
        None,
        Response(200, (("Content-Type", "application/json"),), json.dumps(body).encode()),
    )


def keys_of(session: Session) -> IssuerKeys:
    """Return the keys of keybound's own issuer; raises NotApplicable when it mints no tokens here."""
    if not isinstance(session.minting, Minting) or session.minting.keys is None:
        raise NotApplicable('keybound does not mint the tokens of this target ([tokens] source = "minted")')
    return session.minting.keys


def lane_at(session: Session, facts: Mapping[str, str], place: str, mechanism: Mechanism) -> Lane:
    """Return the lane of minted tokens that the resource takes; raises NotApplicable.

    `place` ends in the format of the tokens: "tokens.jwt", "tokens.mtls.opaque".
    """
    keys_of(session)
    kind = place.rpartition(".")[2]
    for lane in session.lanes(mechanism, "minted"):
        if lane.opaque == (kind == "opaque") and str(lane) in facts.get(f"api.{mechanism}.all", "").split(
            ", "
        ):
            return lane
    raise NotApplicable(f"the resource takes no {mechanism} tokens of format {kind} minted by keybound")


# --- source = "command" --------------------------------------------------------------------------------------------


def run_command(session: Session, settings: Command, lane: Lane, key: Key) -> Token:
    """Return a token that the profile's program got.

    The program finds in its environment KEYBOUND_MECHANISM, KEYBOUND_SCOPE, and either KEYBOUND_JKT,
    KEYBOUND_PUBLIC_JWK and KEYBOUND_KEY (a PEM file with the private key, for a program that makes proofs itself) or
    KEYBOUND_CERTIFICATE and KEYBOUND_CERTIFICATE_KEY (PEM files). It prints a token response (RFC 6749 section 5.1).
    Raises Inconclusive with one line when it does not, UsageError when it cannot be run.
    """
    variables = {"KEYBOUND_MECHANISM": lane.mechanism, "KEYBOUND_SCOPE": settings.scope or ""}
    files: dict[str, str] = {}
    if lane.mechanism == "dpop":
        variables |= {"KEYBOUND_JKT": key.thumbprint, "KEYBOUND_PUBLIC_JWK": json.dumps(key.jwk)}
        files["KEYBOUND_KEY"] = pem_of(key)
    else:
        identity = session.identity(lane.client)
        files |= {
            "KEYBOUND_CERTIFICATE": str(identity.certificate),
            "KEYBOUND_CERTIFICATE_KEY": str(identity.certificate_key),
        }
    with tempfile.TemporaryDirectory(prefix="keybound-") as folder:  # mode 0700
        for number, (name, text) in enumerate(files.items()):
            path = os.path.join(folder, f"{number}.pem")  # noqa: PTH118
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(text)
            variables[name] = path
        output = _output(settings, variables)
    try:
        body = read_json(output)
    except ValueError:
        body = None
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("access_token"), str)
        or not body["access_token"]
    ):
        seen = "nothing" if not output.strip() else "something else"
        raise Inconclusive(
            f"tokens.command printed {seen} instead of a token response: a JSON object with access_token"
        )
    session.secrets(body["access_token"], "token")
    return _token(session, lane, key, body)


def _output(settings: Command, variables: dict[str, str]) -> bytes:
    program = settings.command[0]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own program, as an argument list
            settings.command,
            cwd=settings.folder,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=settings.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Inconclusive(
            f"tokens.command {program} did not end within {settings.timeout:g} s (tokens.timeout)"
        ) from None
    except OSError as error:
        raise UsageError(f"tokens.command {program} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = f": {said[-1][:_SHOWN]}" if said else ""
        raise Inconclusive(f"tokens.command {program} ended with status {done.returncode}{last}")
    return done.stdout
