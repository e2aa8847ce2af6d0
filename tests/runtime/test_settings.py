"""Settings show no secret, whichever way they are printed."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from services.api.settings import ApiSettings
from services.ingest.settings import IngestSettings
from services.runtime.settings import DatabaseSettings, RuntimeSettings
from services.scorer.settings import ScorerSettings

KINDS: list[type[DatabaseSettings]] = [DatabaseSettings, RuntimeSettings, IngestSettings, ScorerSettings, ApiSettings]
SECRET = "unguessable"  # noqa: S105 -- what must not come out again


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AHUAL_DATABASE_URL", f"postgresql+asyncpg://ahual:{SECRET}@127.0.0.1:5432/ahual")
    monkeypatch.setenv("AHUAL_MQTT_PASSWORD", SECRET)
    monkeypatch.setenv("AHUAL_KAFKA_BOOTSTRAP", "127.0.0.1:9092")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("kind", KINDS)
def test_no_way_of_printing_shows_a_secret(kind: type[DatabaseSettings]) -> None:
    settings = kind()
    assert SECRET in settings.database_url.get_secret_value()
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert SECRET not in shown


@pytest.mark.parametrize("kind", KINDS)
def test_what_carries_a_password_is_a_secret(kind: type[DatabaseSettings]) -> None:
    for name, field in kind.model_fields.items():
        if name.endswith(("_url", "_password", "_key", "_secret", "_token")) and "public" not in name:
            assert field.annotation is SecretStr, name


@pytest.mark.usefixtures("secrets")
def test_a_wrong_setting_does_not_show_another_ones_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AHUAL_MQTT_PORT", "none")
    with pytest.raises(ValidationError, match="mqtt_port") as told:
        IngestSettings()
    assert SECRET not in str(told.value)
