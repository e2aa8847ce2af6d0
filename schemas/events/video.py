"""Facts of video monitoring and photo enforcement (annex 2, initiative 9): KPIs 9.2 to 9.9.

Cameras send what they saw as words and numbers, never a picture. A violation or an incident is what a camera or its
analytics took for one; the check that follows says whether it was.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Plate, Timestamp
from schemas.events.ordered import Ordered

ViolationKind = Literal["speeding", "red-light", "stop-line", "lane", "parking", "seat-belt", "phone", "turn", "other"]
IncidentKind = Literal[
    "fight", "crowd", "abandoned-object", "intrusion", "vandalism", "traffic-accident", "smoke", "wanted", "other"
]
Outcome = Literal["confirmed", "false"]
Speed = Annotated[int, Field(ge=0, le=120_000)]
"""mm/s."""
Amount = Annotated[int, Field(ge=1, le=10**12)]
"""tiyn, 1/100 tenge."""
LONGEST_RECORDING = timedelta(hours=24)


class _Video(Ordered):
    system: ClassVar[str | None] = "video"
    event_class: ClassVar[EventClass] = "department"


class ViolationRecorded(_Video):
    """A camera recorded what looks like a violation of the traffic rules."""

    type_name: ClassVar[str] = "kz.ahual.video.violation-recorded.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жол қозғалысы ережесін бұзу тіркелді",
        "ru": "Зафиксировано нарушение ПДД",
        "en": "Traffic violation recorded",
    }

    violation: Name
    camera: Name
    kind: ViolationKind
    recorded_at: Timestamp
    plate: Plate | None = None
    speed_mm_s: Speed | None = None
    limit_mm_s: Speed | None = None

    @model_validator(mode="after")
    def _too_fast(self) -> Self:
        if self.kind != "speeding":
            return self
        if self.speed_mm_s is None or self.limit_mm_s is None:
            raise ValueError("speeding needs speed_mm_s and limit_mm_s")
        if self.speed_mm_s <= self.limit_mm_s:
            raise ValueError("speed_mm_s does not lie above limit_mm_s")
        return self


class ViolationProcessed(_Video):
    """A recorded violation was judged, by the system alone or by an inspector."""

    type_name: ClassVar[str] = "kz.ahual.video.violation-processed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Ереже бұзу өңделді",
        "ru": "Нарушение обработано",
        "en": "Violation processed",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("recorded_at", "processed_at"),)

    violation: Name
    recorded_at: Timestamp
    processed_at: Timestamp
    by: Literal["system", "inspector"]
    outcome: Outcome
    """`false`: there was no violation, or it cannot be shown."""


class NoticeSent(_Video):
    """The notice of a violation was sent to the vehicle's owner."""

    type_name: ClassVar[str] = "kz.ahual.video.notice-sent.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Ереже бұзу туралы хабарлама жіберілді",
        "ru": "Уведомление о нарушении отправлено",
        "en": "Notice of a violation sent",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("recorded_at", "sent_at"),)

    violation: Name
    recorded_at: Timestamp
    sent_at: Timestamp
    channel: Literal["app", "sms", "post"]


class FineImposed(_Video):
    """A fine was imposed for a recorded violation, with the date by which it is to be paid."""

    type_name: ClassVar[str] = "kz.ahual.video.fine-imposed.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Айыппұл салынды", "ru": "Штраф наложен", "en": "Fine imposed"}
    order: ClassVar[tuple[tuple[str, str], ...]] = (("imposed_at", "due_at"),)

    fine: Name
    violation: Name
    imposed_at: Timestamp
    due_at: Timestamp
    amount_tiyn: Amount


class FinePaid(_Video):
    """A fine was paid in full, or by the reduced sum where the law lets that settle it."""

    type_name: ClassVar[str] = "kz.ahual.video.fine-paid.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Айыппұл төленді", "ru": "Штраф оплачен", "en": "Fine paid"}
    order: ClassVar[tuple[tuple[str, str], ...]] = (("imposed_at", "due_at"), ("imposed_at", "paid_at"))

    fine: Name
    imposed_at: Timestamp
    due_at: Timestamp
    paid_at: Timestamp
    amount_tiyn: Amount


class IncidentDetected(_Video):
    """Video monitoring of public places noticed an incident, by its analytics or by an operator at the screen."""

    type_name: ClassVar[str] = "kz.ahual.video.incident-detected.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Бейнемониторинг оқиғаны анықтады",
        "ru": "Видеомониторинг выявил инцидент",
        "en": "Incident detected by video monitoring",
    }

    incident: Name
    camera: Name
    kind: IncidentKind
    detected_at: Timestamp
    by: Literal["analytics", "operator"]


class IncidentVerified(_Video):
    """A detected incident was checked: it was one, or a false alarm."""

    type_name: ClassVar[str] = "kz.ahual.video.incident-verified.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Оқиға тексерілді",
        "ru": "Инцидент проверен",
        "en": "Incident verified",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("detected_at", "verified_at"),)

    incident: Name
    detected_at: Timestamp
    verified_at: Timestamp
    outcome: Outcome


class IncidentResponded(_Video):
    """The responsible service took a detected incident on."""

    type_name: ClassVar[str] = "kz.ahual.video.incident-responded.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Қызмет оқиғаны жұмысқа қабылдады",
        "ru": "Служба приняла инцидент в работу",
        "en": "Incident taken on by a service",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("detected_at", "responded_at"),)

    incident: Name
    detected_at: Timestamp
    responded_at: Timestamp
    service: Name


class RecordingStored(_Video):
    """A camera's recording was archived; its length is the camera's own choice, a day at most."""

    type_name: ClassVar[str] = "kz.ahual.video.recording-stored.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Бейнежазба сақталды",
        "ru": "Видеозапись сохранена",
        "en": "Recording stored",
    }

    recording: Name
    camera: Name
    begun_at: Timestamp
    ended_at: Timestamp

    @model_validator(mode="after")
    def _one_recording(self) -> Self:
        if not timedelta(0) < self.ended_at - self.begun_at <= LONGEST_RECORDING:
            raise ValueError("ended_at lies after begun_at, at most 24 hours")
        return self


class RecordingAnalysed(_Video):
    """A recording was gone through, by video analytics or by a person."""

    type_name: ClassVar[str] = "kz.ahual.video.recording-analysed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Бейнежазба талданды",
        "ru": "Видеозапись проанализирована",
        "en": "Recording analysed",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("ended_at", "analysed_at"),)

    recording: Name
    ended_at: Timestamp
    analysed_at: Timestamp
    by: Literal["analytics", "operator"]


TYPES: tuple[type[Data], ...] = (
    ViolationRecorded,
    ViolationProcessed,
    NoticeSent,
    FineImposed,
    FinePaid,
    IncidentDetected,
    IncidentVerified,
    IncidentResponded,
    RecordingStored,
    RecordingAnalysed,
)
