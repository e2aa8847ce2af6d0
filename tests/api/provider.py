"""A real OpenID provider for the tests: Authlib's authorization server on Flask, with PKCE required, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT = "ahual"
SECRET = "of-the-tests"  # noqa: S105


@dataclass
class Told:
    """What the provider says of whoever comes; tests change it."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "17", "preferred_username": "aigul"})
    issuer: str = ""
    audience: list[str] = field(default_factory=lambda: [CLIENT])
    nonce: str | None = None
    gone: Callable[[], None] = lambda: None
    """Let nobody answer any more."""


class _Client(ClientMixin):  # type: ignore[misc]
    client_id = CLIENT

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/api/v1/session/oidc/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code:
    code: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    made: float

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(self.made)

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None

    def is_expired(self) -> bool:
        return False


@contextmanager
def provider() -> Iterator[Told]:
    """Serve until the block ends; `issuer` is its address."""
    told, codes, key = Told(), dict[str, _Code](), RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    app = Flask(__name__)
    server = AuthorizationServer(app, query_client=lambda _id: _Client(), save_token=lambda _token, _request: None)
    server.register_grant(_grant(codes), [_openid(told, key), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        ends = {name: f"{told.issuer}/{path}" for name, path in ENDPOINTS.items()}
        return jsonify({"issuer": told.issuer, **ends})

    @app.get("/authorize")
    def authorize() -> Any:
        asked = server.get_consent_grant(end_user=told)
        return server.create_authorization_response(grant_user=told, grant=asked)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/jwks")
    def jwks() -> Any:
        return jsonify({"keys": [key.as_dict(private=False)]})

    serving = make_server("127.0.0.1", 0, app)
    told.issuer = f"http://127.0.0.1:{serving.server_port}"
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()

    def end() -> None:
        serving.shutdown()
        thread.join()
        serving.server_close()

    told.gone = end
    try:
        yield told
    finally:
        if thread.is_alive():
            end()


ENDPOINTS = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}


def _grant(codes: dict[str, _Code]) -> type:
    class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            asked = request.payload.data
            codes[code] = _Code(
                code,
                request.payload.redirect_uri,
                request.payload.scope,
                asked.get("nonce", ""),
                asked["code_challenge"],
                asked["code_challenge_method"],
                time.time(),
            )

        def query_authorization_code(self, code: str, _client: Any) -> _Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: _Code) -> None:
            codes.pop(authorization_code.code, None)

        def authenticate_user(self, _authorization_code: _Code) -> Any:
            return "somebody"

    return CodeGrant


def _openid(told: Told, key: RSAKey) -> Any:
    class OpenId(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def resolve_client_private_key(self, _client: Any) -> Any:
            return key

        def get_client_algorithm(self, _client: Any) -> str:
            return "RS256"

        def get_client_claims(self, _client: Any) -> dict[str, Any]:
            return {"iss": told.issuer, "aud": told.audience}

        def generate_user_info(self, _user: Any, _scope: str) -> UserInfo:
            return UserInfo(told.claims | ({"nonce": told.nonce} if told.nonce else {}))

    return OpenId()
