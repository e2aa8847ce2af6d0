"""An OpenID provider, as its relying party: discovery, authorization code with PKCE, a signed ID token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urljoin

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "Ed25519"]
"""Signatures that are believed: asymmetric ones only."""
TIMEOUT_S: Final = 10.0
LEEWAY_S: Final = 60
"""Between the provider's clock and ours."""


class OidcError(Exception):
    """The provider is away, refuses, or says what cannot be believed."""

    def __init__(self, problem: str, *, away: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.away = away
        """It may answer later."""


class Started(NamedTuple):
    """A sign-in under way; the browser brings it back in a cookie."""

    url: str
    state: str
    nonce: str
    verifier: str


class Person(NamedTuple):
    """Who the provider says has signed in."""

    name: str
    subject: str
    """Issuer and `sub`: never given to another person."""


class _Discovered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Provider:
    """One provider. What it publishes of itself is read when first needed, its keys again when one is unknown."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: SecretStr, name_claim: str, client: httpx2.AsyncClient
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._secret = client_secret.get_secret_value()
        self._name_claim = name_claim
        self._client = client
        self._known: _Discovered | None = None
        self._keys: KeySet | None = None

    async def start(self, callback: str, lang: str, *, again: bool = False) -> Started:
        """Where to send the browser; `again`: the provider must ask who it is. Raises OidcError."""
        self._known = None  # nobody is sent to a provider that is not there
        known = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(length) for length in (24, 24, 48))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": callback,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": lang,
        } | ({"prompt": "login"} if again else {})
        return Started(f"{known.authorization_endpoint}?{urlencode(asked)}", state, nonce, verifier)

    async def finish(self, started: Started, code: str, callback: str, now: datetime) -> Person:
        """Who came back with this code. Raises OidcError."""
        known = await self._discovered()
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
        asked |= {"client_id": self._client_id, "code_verifier": started.verifier}
        auth = (self._client_id, self._secret) if self._secret else None
        answer = await self._json("POST", known.token_endpoint, data=asked, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcError("id_token")
        return self._person(known, await self._claims(known, token), started.nonce, now)

    async def _claims(self, known: _Discovered, token: str) -> dict[str, Any]:
        for again in (False, True):
            keys = await self._key_set(known, again=again)
            try:
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError) as error:
                if again:
                    raise OidcError("signature") from error
        raise OidcError("signature")

    def _person(self, known: _Discovered, claims: dict[str, Any], nonce: str, now: datetime) -> Person:
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": known.issuer},
            aud={"essential": True, "value": self._client_id},
            nonce={"essential": True, "value": nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            rules.validate(claims)
        except JoseError as error:
            raise OidcError(getattr(error, "claim", None) or "claims") from error
        if claims.get("azp") not in (None, self._client_id):
            raise OidcError("azp")
        name = claims.get(self._name_claim)
        if not isinstance(name, str) or not name:
            raise OidcError(self._name_claim)
        return Person(name, f"{known.issuer} {claims['sub']}")

    async def _discovered(self) -> _Discovered:
        if self._known is None:
            address = urljoin(self._issuer.rstrip("/") + "/", ".well-known/openid-configuration")
            try:
                known = _Discovered.model_validate(await self._json("GET", address))
            except ValidationError as error:
                raise OidcError("discovery") from error
            if known.issuer.rstrip("/") != self._issuer.rstrip("/"):
                raise OidcError("issuer")
            self._known = known
        return self._known

    async def _key_set(self, known: _Discovered, *, again: bool) -> KeySet:
        if self._keys is None or again:
            try:
                self._keys = KeySet.import_key_set(await self._json("GET", known.jwks_uri))  # type: ignore[arg-type]
            except (JoseError, ValueError, KeyError) as error:
                raise OidcError("jwks") from error
        return self._keys

    async def _json(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        try:
            answer = await self._client.request(method, address, **more)
            answer.raise_for_status()
            body = answer.json()
        except httpx2.HTTPStatusError as error:
            raise OidcError(f"http_{answer.status_code}", away=answer.is_server_error) from error
        except httpx2.HTTPError as error:
            raise OidcError("unreachable", away=True) from error
        except ValueError as error:
            raise OidcError("answer") from error
        if not isinstance(body, dict):
            raise OidcError("answer")
        return body
