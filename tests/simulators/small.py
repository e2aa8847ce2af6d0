"""The simulated cities, so small that a test can live through days of them; category and districts stay."""

from __future__ import annotations

from dataclasses import replace

from simulators import cities
from simulators.cities import City


def _small(city: City) -> City:
    if city.volume <= 0.2:
        return city
    rates = replace(city.rates, calls=400, requests=200)
    return replace(city, volume=0.2, vehicles=60_000, rates=rates)


CITIES = {code: _small(city) for code, city in cities.CITIES.items()}
