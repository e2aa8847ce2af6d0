"""Examples for the OpenAPI document; a test holds them to their models."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]
_WINDOW: Final = {"begin": "2026-11-21T18:00:01Z", "end": "2026-11-22T18:00:01Z"}
KPI_STATE: Final[Json] = {
    "value": 14.2,
    "unit": "s",
    "period": "day",
    "window": _WINDOW,
    "numerator": 17_253_000,
    "denominator": 1215,
    "attainment": 0.704,
    "weight": 10,
    "points": 4.4,
    "max_points": 6.25,
    "section": "city_management",
    "freshness": "fresh",
    "newest": "2026-11-22T17:59:58Z",
}
SNAPSHOT: Final[Json] = {
    "city": "almaty",
    "category": "republican",
    "revision": 1042,
    "computed_at": "2026-11-22T18:00:01Z",
    "label": "operational_estimate",
    "catalogue": {"version": "469-2025.1", "hash": "5f3c0e1b"},
    "index": 81.4,
    "lower": 20.3,
    "upper": 95.1,
    "coverage": 0.252,
    "additional": 1,
    "total": 83.4,
    "rating": "good",
    "sections": {"city_management": {"score": 0.814, "weight": 25, "points": 81.4}},
    "kpis": {"2.1": KPI_STATE},
}
LABEL_NAME: Final[Json] = {"kk": "жедел баға", "ru": "оперативная оценка", "en": "operational estimate"}
PUBLIC_SCORE: Final[Json] = {
    "city": "almaty",
    "category": "republican",
    "label": "operational_estimate",
    "label_name": LABEL_NAME,
    "methodology": "469-2025.1",
    "revision": 1042,
    "computed_at": "2026-11-22T18:00:01Z",
    "index": 81.4,
    "lower": 20.3,
    "upper": 95.1,
    "coverage": 0.252,
    "rating": "good",
    "bands": [{"code": "good", "name": {"kk": "жақсы", "ru": "хороший", "en": "good"}, "floor": 75}],
    "sections": [
        {
            "code": "city_management",
            "name": {"kk": "Қаланы басқару", "ru": "Управление городом", "en": "City management"},
            "weight": 25,
            "score": 0.814,
        }
    ],
    "kpis": [
        {
            "code": "2.1",
            "section": "city_management",
            "name": {
                "kk": "Жауапты күтудің орташа уақыты",
                "ru": "Среднее время ожидания ответа",
                "en": "Mean waiting time for an answer",
            },
            "unit": "s",
            "unit_name": {"kk": "с", "ru": "с", "en": "s"},
            "target": {"op": "<=", "value": 10},
            "value": 14.2,
            "attainment": 0.704,
            "freshness": "fresh",
        }
    ],
}
SDU_ANSWER: Final[Json] = {
    "name": "2026-11-21",
    "status": "confirmed",
    "value": 14.2,
    "ours": 14.2,
    "revision": 2,
    "difference": 0.0,
    "answered_at": "2026-12-01T06:00:00Z",
    "reference": "SDU-2026-000123",
    "label": "confirmed_by_sdu",
    "label_name": {"kk": "СДО растаған", "ru": "подтверждено СДУ", "en": "confirmed by SDU"},
}
KPI_ROW: Final[Json] = {
    "code": "2.1",
    "initiative": 2,
    "initiative_name": "Unified contact centre 109+",
    "section": "city_management",
    "section_name": "City management",
    "name": "Mean waiting time for an answer (s)",
    "formula": "Σ waiting time / number of calls answered",
    "note": "How long a caller waits before an operator answers.",
    "unit": "s",
    "unit_name": "s",
    "period": "day",
    "value_points": 10,
    "target": {"op": "<=", "value": 10},
    "not_scored": None,
    "measure": "mean",
    "scale": 1000,
    "series": True,
    "systems": ["contact-centre"],
    "source": "Call-centre logs",
    "system": "Contact centre 109+",
    "citation": {"annex": 4, "table": 2, "row": 1},
    "interpretation": "Abandoned calls have no answer, so they do not enter the mean; they cost points in 1.8.",
    "state": KPI_STATE,
    "label": "operational_estimate",
    "label_name": "operational estimate",
    "sdu": SDU_ANSWER | {"label_name": "confirmed by SDU"},
}
SERIES: Final[Json] = {
    "code": "2.1",
    "unit": "s",
    "resolution": "hour",
    "begin": "2026-11-22T16:00:00Z",
    "end": "2026-11-22T18:00:00Z",
    "points": [
        {"bucket": "2026-11-22T16:00:00Z", "value": 12.5, "numerator": 625_000, "denominator": 50, "count": 50},
        {"bucket": "2026-11-22T17:00:00Z", "value": 15.0, "numerator": 900_000, "denominator": 60, "count": 60},
    ],
}
_CONTRIBUTION: Final[Json] = {"code": "2.1", "section": "city_management", "points": 4.4, "gain": 1.85}
EXPLANATION: Final[Json] = {
    "revision": 1042,
    "computed_at": "2026-11-22T18:00:01Z",
    "index": 81.4,
    "total": 83.4,
    "rating": "good",
    "sections": {"city_management": 81.4},
    "kpis": [_CONTRIBUTION],
    "next_band": {"rating": "excellent", "floor": 90, "gap": 6.6, "kpis": [_CONTRIBUTION]},
    "label": "operational_estimate",
    "label_name": LABEL_NAME,
    "answers": {"2.1": SDU_ANSWER},
}
SOURCE: Final[Json] = {
    "system": "heat",
    "device": "meter-17",
    "state": "frozen",
    "state_name": {"kk": "Мәні өзгермейді", "ru": "Значение застыло", "en": "frozen"},
    "events": 15_120,
    "first_seen": "2026-09-01T06:00:02Z",
    "newest_time": "2026-11-22T17:59:58Z",
    "arrived_at": "2026-11-22T17:59:58.2Z",
    "stored_at": "2026-11-22T17:59:58.4Z",
    "interval_s": 60.0,
    "interval_from": "learned",
    "silent_from": "2026-11-22T18:02:58.4Z",
    "drift_s": -0.2,
    "clockless": False,
    "missing": 3,
    "restarts": 1,
    "channel": "kz.ahual.heat.supply.v1/inlet",
    "same_since": "2026-11-22T03:00:00Z",
    "same_count": 900,
}
SOURCE_SUMMARY: Final[Json] = {
    "states": {"live": 118, "silent": 1, "frozen": 1, "drifting": 0},
    "state_names": {"live": "live", "silent": "silent", "frozen": "frozen", "drifting": "clock off"},
    "missing": 3,
    "systems": [
        {
            "system": "heat",
            "name": "Heat",
            "states": {"live": 118, "silent": 1, "frozen": 1, "drifting": 0},
            "missing": 3,
        }
    ],
}
CLOSED_KPI: Final[Json] = KPI_STATE | {
    "window": {"begin": "2026-11-20T19:00:00Z", "end": "2026-11-21T19:00:00Z"},
    "name": "2026-11-21",
    "period_revision": 2,
    "window_coverage": 1.0,
}
CLOSED_SNAPSHOT: Final[Json] = SNAPSHOT | {"basis": "closed", "revision": 12, "kpis": {"2.1": CLOSED_KPI}}
ANSWERED_SNAPSHOT: Final[Json] = CLOSED_SNAPSHOT | {"answers": {"2.1": SDU_ANSWER}}
PAST_SNAPSHOT: Final[Json] = SNAPSHOT | {"as_of": "2026-11-22T18:00:30Z", "known": "then", "granule": "minute"}
PAST_CLOSED_SNAPSHOT: Final[Json] = CLOSED_SNAPSHOT | {"as_of": "2026-11-22T18:00:30Z", "known": "now"}
WINDOWS: Final[Json] = {
    "code": "2.1",
    "unit": "s",
    "period": "day",
    "computed_at": "2026-11-22T18:00:01Z",
    "windows": [
        {
            "kind": "trailing",
            "name": "24h",
            "begin": "2026-11-21T18:01:00Z",
            "end": "2026-11-22T18:01:00Z",
            "value": 14.2,
            "numerator": 17_253_000,
            "denominator": 1215,
            "freshness": "fresh",
            "coverage": 1.0,
            "percentiles": {"p50": 9.1, "p95": 41.0, "p99": 66.0},
            "enters": "live",
        },
        {
            "kind": "running",
            "name": "2026-W47",
            "begin": "2026-11-15T19:00:00Z",
            "end": "2026-11-22T18:01:00Z",
            "value": 13.8,
            "numerator": 114_319_200,
            "denominator": 8284,
            "freshness": "fresh",
            "coverage": 0.994,
            "percentiles": {"p50": 8.9, "p95": 40.2, "p99": 65.0},
            "enters": None,
        },
    ],
}
PERIODS: Final[Json] = {
    "code": "2.1",
    "unit": "s",
    "period": "day",
    "periods": [
        {
            "name": "2026-11-21",
            "begin": "2026-11-20T19:00:00Z",
            "end": "2026-11-21T19:00:00Z",
            "revisions": [
                {
                    "revision": 1,
                    "value": 14.4,
                    "numerator": 17_280_000,
                    "denominator": 1200,
                    "difference": None,
                    "attainment": 0.694,
                    "target": {"op": "<=", "value": 10, "stated": []},
                    "weight": 10,
                    "freshness": "fresh",
                    "newest": "2026-11-21T18:59:41Z",
                    "coverage": 1.0,
                    "catalogue_hash": "5f3c0e1b",
                    "computed_at": "2026-11-21T19:05:12Z",
                },
                {
                    "revision": 2,
                    "value": 14.2,
                    "numerator": 17_253_000,
                    "denominator": 1215,
                    "difference": -0.2,
                    "attainment": 0.704,
                    "target": {"op": "<=", "value": 10, "stated": []},
                    "weight": 10,
                    "freshness": "fresh",
                    "newest": "2026-11-21T18:59:41Z",
                    "coverage": 1.0,
                    "catalogue_hash": "5f3c0e1b",
                    "computed_at": "2026-11-22T04:17:12Z",
                },
            ],
            "sdu": SDU_ANSWER,
        }
    ],
}
YEARLY: Final[Json] = {
    "city": "almaty",
    "year": 2026,
    "label": "operational_estimate",
    "status": "frozen",
    "freezes_on": "2027-01-31",
    "official": {
        "hash": "9b1f6c0d",
        "computed_at": "2027-01-30T19:00:12Z",
        "evaluation": {"city": "almaty", "year": 2026, "score": {"index": 61.2}},
    },
    "revisions": [],
}
DELIVERY: Final[Json] = {
    "city": "almaty",
    "period": "month",
    "name": "2026-10",
    "end": "2026-10-31T19:00:00Z",
    "revision": 1,
    "rows": 59,
    "manifest_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "generated_at": "2026-10-31T19:05:01Z",
    "stored_at": "2026-10-31T20:00:12Z",
    "receipt": None,
    "received_at": None,
    "confirmed": 0,
    "corrected": 0,
    "folder": "/api/v1/exports/almaty/month/2026-10/1",
    "files": [
        "kpis.csv",
        "kpis.ndjson",
        "kpis.parquet",
        "kpis.schema.json",
        "manifest.json",
        "manifest.sig",
        "SHA256SUMS",
    ],
}
NOTICE: Final[Json] = {
    "id": 17,
    "at": "2026-11-22T18:00:01Z",
    "rule": "band",
    "kind": "band",
    "subject": "index",
    "what": "raised",
    "stands": True,
    "text": {
        "kk": "Назар аударыңыз: Алматы: CityScore 74.2, рейтинг «Орташа»",
        "ru": "Внимание: Алматы: CityScore 74.2, рейтинг «Средний»",
        "en": 'Attention: Almaty: CityScore 74.2, rated "Average"',
    },
    "way": "duty",
    "due_at": "2026-11-23T02:00:00Z",
    "sent_at": None,
    "dropped_at": None,
    "attempts": 0,
    "failure": None,
}
DEVICE: Final[Json] = {
    "system": "water",
    "device": "meter-17",
    "label": "Meter 17, Abai street 5",
    "gateway": None,
    "latitude": 49.8028,
    "longitude": 73.0875,
    "district": "kazybek-bi",
    "attached_kind": "building",
    "attached_to": "abai-5",
    "installed_on": "2026-02-01",
    "removed_on": None,
    "interval_s": 3600.0,
    "channels": [{"channel": "V", "quantity": "water_volume", "quantity_name": "Water meter reading", "unit": "m3"}],
}

FEATURES: Final[Json] = {
    "type": "FeatureCollection",
    "layer": "air",
    "city": "karaganda",
    "at": "2026-11-22T18:00:01Z",
    "updated": "2026-11-22T17:59:40Z",
    "label": "operational_estimate",
    "kpi": None,
    "features": [
        {
            "type": "Feature",
            "id": "environment/air-1",
            "geometry": {"type": "Point", "coordinates": [73.08, 49.81]},
            "properties": {
                "name": "air 1",
                "district": "kazybek-bi",
                "value": 31.4,
                "time": "2026-11-22T17:59:40Z",
                "step": 0,
                "critical": False,
            },
        }
    ],
}
TELEMETRY: Final[Json] = {
    "id": "environment/air-1",
    "name": "air 1",
    "district": "kazybek-bi",
    "critical": False,
    "geometry": {"type": "Point", "coordinates": [73.08, 49.81]},
    "properties": {},
    "begin": "2026-11-21T18:00:01Z",
    "end": "2026-11-22T18:00:01Z",
    "channels": [
        {
            "channel": "PM2.5",
            "device": "environment/air-1",
            "quantity": "pm2_5",
            "quantity_name": {"kk": "PM2.5", "ru": "PM2.5", "en": "PM2.5"},
            "unit": "ug/m3",
            "points": [["2026-11-22T17:49:40Z", 30.8], ["2026-11-22T17:59:40Z", 31.4]],
        }
    ],
}
_PRESSURE: Final[Json] = {
    "quantity": "pressure",
    "quantity_name": {"kk": "Қысым", "ru": "Давление", "en": "Pressure"},
    "unit": "Pa",
    "value": 140_000.0,
    "time": "2026-11-22T17:59:40Z",
    "least": 150_000.0,
    "most": 650_000.0,
}
SCHEME: Final[Json] = {
    "network": "water",
    "city": "karaganda",
    "at": "2026-11-22T18:00:01Z",
    "updated": "2026-11-22T17:59:40Z",
    "label": "operational_estimate",
    "nodes": [
        {
            "id": "water-source",
            "name": {"kk": "Су алу торабы 1", "ru": "Водозабор 1", "en": "Intake 1"},
            "role": "source",
            "district": None,
            "critical": True,
            "longitude": 73.1,
            "latitude": 49.88,
            "values": [],
        }
    ],
    "edges": [
        {
            "id": "water-pump-1-pipe",
            "name": {"kk": "Құбыр 1", "ru": "Трубопровод 1", "en": "Pipe 1"},
            "from_node": "water-source",
            "to_node": "water-pump-1",
            "district": None,
            "diameter_mm": 900.0,
            "values": [_PRESSURE],
        }
    ],
    "alarms": [
        {
            "kind": "low",
            "text": {"kk": "Шектен төмен: Қысым", "ru": "Ниже предела: Давление", "en": "Below its limit: Pressure"},
            "object": "water-pump-1-pipe",
            "quantity": "pressure",
            "value": 140_000.0,
            "district": None,
            "since": "2026-11-22T17:59:40Z",
        }
    ],
}
TREND: Final[Json] = {
    "resolution": "hour",
    "moments": ["2026-11-22T16:59:59Z", "2026-11-22T18:00:01Z"],
    "known": ["then", "then"],
    "index": [81.1, 81.4],
    "sections": {"city_management": [0.811, 0.814]},
    "kpis": {"2.1": [14.6, 14.2]},
}
WATERFALL: Final[Json] = {
    "revision": 1042,
    "begin": "2026-11-22T17:00:00Z",
    "end": "2026-11-22T18:00:01Z",
    "start_total": 83.1,
    "end_total": 83.4,
    "sections": {"city_management": 0.3},
    "steps": [{"code": "2.1", "section": "city_management", "cause": "attainment", "start": 83.1, "end": 83.4}],
}
