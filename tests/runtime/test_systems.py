from __future__ import annotations

from schemas.events.registry import EVENT_TYPES
from services.runtime.messages import room
from services.runtime.systems import system_name, system_names


def test_every_system_that_events_come_from_has_a_name() -> None:
    assert {one.system for one in EVENT_TYPES.values() if one.system} == room("systems").keys()


def test_a_system_of_a_citys_own_is_called_as_its_topics_call_it() -> None:
    assert system_name("heat", "ru") == "Теплоснабжение"
    assert system_names("ski-lifts") == {"kk": "ski-lifts", "ru": "ski-lifts", "en": "ski-lifts"}
