"""Public holidays, substitute holidays (대체공휴일) included, from the `holidays` library."""

from datetime import date
from functools import lru_cache

from holidays import country_holidays

FIRST_YEAR = 2015
YEARS_AHEAD = 10


def public_holidays(country: str, today: date) -> frozenset[date]:
    """The public holidays of a country from 2015 to ten years after `today`."""
    return _between(country, min(FIRST_YEAR, today.year), today.year + YEARS_AHEAD)


@lru_cache(maxsize=8)
def _between(country: str, first: int, last: int) -> frozenset[date]:
    return frozenset(country_holidays(country, years=range(first, last + 1)))
