"""What the API process is told from outside."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from services.api.tiles import TilesUrl
from services.runtime.settings import RuntimeSettings


class ApiSettings(RuntimeSettings):
    """The API reads only the database; Kafka is inherited and not needed."""

    kafka_bootstrap: str = Field(default="", description="Not used by the API")
    api_host: str = Field(default="127.0.0.1", description="Address to listen on; outside a demo over HTTPS only")
    api_port: int = Field(default=18080, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    api_operator_token: SecretStr = Field(
        default=SecretStr(""),
        description="Bearer token for what is not public; without one it is closed, in a demo open",
    )
    api_exporter_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token that opens the deliveries to SDU and nothing else"
    )
    api_evaluator_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token of the ministry's evaluator: opens deliveries and raw facts"
    )
    export_folder: Path | None = Field(default=None, description="Where `ahual export` stores deliveries")
    dashboard_folder: Path | None = Field(
        default=None, description="The built dashboard; by default where it is built to. Without one: a plain page"
    )
    api_session_h: float = Field(default=12.0, gt=0, le=168, description="Hours after which one signs in anew")
    api_public_url: str = Field(
        default="", description="Address under which browsers reach the API; by default what the request says"
    )
    oidc_issuer: str = Field(default="", description="OpenID provider to sign in at; empty: none")
    oidc_client_id: str = Field(default="", description="What the provider calls us")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Our secret there; empty: a public client")
    oidc_name_claim: str = Field(
        default="preferred_username", description="Claim of the ID token that is the account's name"
    )
    map_tiles: TilesUrl = Field(
        default="",
        description="Tiles under the map: `https://host/{z}/{x}/{y}.png`, `.pbf` or `.mvt` (vectors), a path of this "
        "server, or a `.pmtiles` archive; the page may then fetch from that host too. Empty: none",
    )
    map_attribution: str = Field(default="", max_length=200, description="What the owner of the tiles wants to be said")
    api_pool_size: int = Field(default=4, ge=1, le=64, description="Database connections for requests")
    api_max_streams: int = Field(default=4000, ge=1, description="Live streams open at the same time, then 503")
    api_heartbeat_s: float = Field(default=5.0, gt=0, description="Seconds between heartbeats of a live stream")
    api_stream_life_s: float = Field(default=3600.0, gt=0, description="Seconds after which a live stream is ended")
    api_stall_s: float = Field(default=30.0, gt=0, description="Seconds a reader may take for one message")
    api_recheck_s: float = Field(default=5.0, gt=0, description="Seconds between re-reads that catch a lost notice")

    @property
    def open_reads(self) -> bool:
        """Whether everything may be read without signing in: a demo that was given no token."""
        tokens = (self.api_operator_token, self.api_exporter_token, self.api_evaluator_token)
        return self.allow_plaintext and not any(token.get_secret_value() for token in tokens)
