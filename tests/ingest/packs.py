"""Payloads published outside of this project, with registry entries that map their names."""

from __future__ import annotations

from typing import Any, Final

from schemas.device import Device, read_channels
from schemas.identity import Identity

SENSOR: Final = Identity("karaganda", "environment", "rfc-8428")
OW: Final = "urn:dev:ow:10e2073a01080063"
CHANNELS: Final = (
    f"{OW}=air_temperature; {OW}:voltage=voltage; {OW}:current=current; {OW}[%RH]=relative_humidity;"
    f"{OW}[lon]=longitude;"
    f"{OW}[lat]=latitude; {OW}[%EL]=battery_level; urn:dev:ow:10e2073a0108006:voltage=voltage;"
    f"urn:dev:ow:10e2073a0108006:current=current; {OW}:temp=supply_temperature>temperature; {OW}:label=state;"
    f"{OW}:open=door_open; {OW}:nfc-reader=state; 2001:db8::2/temperature=air_temperature;"
    f"2001:db8::2/humidity=relative_humidity; {OW}:heat=occupancy; {OW}:fan=occupancy"
)
REGISTERED: Final = Device(
    city=SENSOR.city,
    system=SENSOR.system,
    device=SENSOR.device,
    district="kazybek-bi",
    latitude=49.8,
    longitude=73.1,
    channels=read_channels(CHANNELS),
)

# RFC 8428, sections 5.1.1 to 5.1.7.
SINGLE: Final = b'[ {"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1} ]'
TWO: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1}, {"n":"current","u":"A","v":1.2} ]"""
SERIES: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09, "bu":"A","bver":5, "n":"voltage","u":"V","v":120.1},
  {"n":"current","t":-5,"v":1.2}, {"n":"current","t":-4,"v":1.3}, {"n":"current","t":-3,"v":1.4},
  {"n":"current","t":-2,"v":1.5}, {"n":"current","t":-1,"v":1.6}, {"n":"current","v":1.7} ]"""
MOVING: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09, "bu":"%RH","v":20},
  {"u":"lon","v":24.30621}, {"u":"lat","v":60.07965},
  {"t":60,"v":20.3}, {"u":"lon","t":60,"v":24.30622}, {"u":"lat","t":60,"v":60.07965},
  {"t":120,"v":20.7}, {"u":"lon","t":120,"v":24.30623}, {"u":"lat","t":120,"v":60.07966},
  {"u":"%EL","t":150,"v":98},
  {"t":180,"v":21.2}, {"u":"lon","t":180,"v":24.30628}, {"u":"lat","t":180,"v":60.07967} ]"""
KINDS: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1}, {"n":"label","vs":"Machine Room"},
  {"n":"open","vb":false}, {"n":"nfc-reader","vd":"aGkgCg"} ]"""
COLLECTION: Final = b"""[
  {"bn":"2001:db8::2/","bt":1.320078429e+09, "n":"temperature","u":"Cel","v":27.2},
  {"n":"humidity","u":"%RH","v":80} ]"""
ACTUATORS: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a01080063:"}, {"n":"temp","u":"Cel","v":23.1}, {"n":"heat","u":"/","v":1},
  {"n":"fan","u":"/","v":0} ]"""
# Section 6: SERIES in CBOR.
SERIES_CBOR: Final = bytes.fromhex("""
    87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c7461
    676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cc
    cccccccccda3006763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e7406
    2002fb3ff999999999999aa3006763757272656e74060002fb3ffb333333333333
""")
EXAMPLES: Final[dict[str, tuple[bytes, str, int, bool]]] = {
    "single": (SINGLE, "", 1, True),
    "two": (TWO, "", 2, True),
    "series": (SERIES, "application/senml+json", 7, False),
    "series in CBOR": (SERIES_CBOR, "application/senml+cbor", 7, False),
    "moving": (MOVING, "", 13, False),
    "kinds": (KINDS, "", 4, True),
    "collection": (COLLECTION, "", 2, False),
    "actuators": (ACTUATORS, "", 3, True),
}
"""Payload, content type, how many readings, and whether they come without a time."""

# thingsboard.io, MQTT device API and gateway API reference, "Telemetry"; and the older device API page.
THINGSBOARD: Final = Identity("karaganda", "environment", "tb-gateway")
TB_DEVICES: Final = (
    Device(
        city="karaganda",
        system="environment",
        device="tb-gateway",
        district="kazybek-bi",
        channels=read_channels("temperature=air_temperature; humidity=relative_humidity; key1=state; key2=state;"
                               "key3=air_pressure[kPa]; key4.someNumber=noise; key4.someNestedObject.key=state; *=-"),
    ),
    Device(city="karaganda", system="environment", device="a", gateway="tb-gateway", alias="Device A/",
           district="oktyabr", channels=read_channels("temperature=air_temperature; humidity=relative_humidity")),
    Device(city="karaganda", system="environment", device="b", gateway="tb-gateway", alias="Device B/",
           district="kazybek-bi", channels=read_channels("temperature=air_temperature; humidity=relative_humidity")),
)  # fmt: skip
TB_EXAMPLES: Final[dict[str, tuple[bytes, list[tuple[Any, ...]]]]] = {
    "keys and values": (
        b'{"temperature": 22.5, "humidity": 61}',
        [(None, "temperature", 22.5, None), (None, "humidity", 61.0, None)],
    ),
    "with a time": (
        b'{"ts": 1451649600512, "values": {"temperature": 22.5, "humidity": 61}}',
        [(None, "temperature", 22.5, "2016-01-01T12:00:00.512000Z"),
         (None, "humidity", 61.0, "2016-01-01T12:00:00.512000Z")],
    ),
    "array": (
        b"""[ {"ts": 1451649600000, "values": {"temperature": 22.5, "humidity": 61}},
               {"ts": 1451649601000, "values": {"temperature": 22.7, "humidity": 60}}]""",
        [(None, "temperature", 22.5, "2016-01-01T12:00:00Z"), (None, "humidity", 61.0, "2016-01-01T12:00:00Z"),
         (None, "temperature", 22.7, "2016-01-01T12:00:01Z"), (None, "humidity", 60.0, "2016-01-01T12:00:01Z")],
    ),
    "array of keys": (
        b'[{"key1":"value1"}, {"key2":"value2"}]',
        [(None, "key1", "value1", None), (None, "key2", "value2", None)],
    ),
    "nested": (
        b"""{"key1":"value1", "key3": 98.5, "key4": {"someNumber": 42, "someArray": [1, 2, 3],
                                                     "someNestedObject": {"key": "value"}}}""",
        [(None, "key1", "value1", None), (None, "key3", 98500.0, None), (None, "key4.someNumber", 42.0, None),
         (None, "key4.someNestedObject.key", "value", None)],
    ),
    "gateway": (
        b"""{ "Device A": [ {"ts": 1483228800000, "values": {"temperature": 42, "humidity": 80}},
                            {"ts": 1483228801000, "values": {"temperature": 43, "humidity": 82}} ],
              "Device B": [ {"ts": 1483228800000, "values": {"temperature": 42, "humidity": 80}} ] }""",
        [("a", "temperature", 42.0, "2017-01-01T00:00:00Z"), ("a", "humidity", 80.0, "2017-01-01T00:00:00Z"),
         ("a", "temperature", 43.0, "2017-01-01T00:00:01Z"), ("a", "humidity", 82.0, "2017-01-01T00:00:01Z"),
         ("b", "temperature", 42.0, "2017-01-01T00:00:00Z"), ("b", "humidity", 80.0, "2017-01-01T00:00:00Z")],
    ),
}  # fmt: skip
"""Payload, and (device behind, channel, value, time or None for the gateway's) of each reading."""
