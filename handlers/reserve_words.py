"""`/reserve <patient> [day] [time] [treatment]`, in whatever order people type it."""

import re
from datetime import time

from crm_core.errors import Missing, NotUnderstood, StaleButton
from crm_core.policy.policy import Policy
from handlers.branches import take_branch
from handlers.language.words import Words, read_day
from handlers.reserve_commands import OpenReserve

LONGEST_SLUG = 20
_CLOCK = re.compile(r"^(오전|오후|am|pm)?(\d{1,2})(?:(?::|시)(\d{2}|반)?(?:분)?(am|pm)?|(am|pm))$")
_AFTERNOON = ("오후", "pm")
_HALF_PAST = "반"
_LIKE_A_DAY = re.compile(r"^(?:\d{1,4}/\d{1,2}(?:/\d{1,2})?|\d{4}-\d{1,2}-\d{1,2}|\d{1,2}월\d{1,2}일)$")


def read_clock(text: str) -> time:
    """15:30, 3:30 pm, 3pm, 15시, 오후 3시 30분, 오후 3시 반; NotUnderstood("time")."""
    match = _CLOCK.match("".join(text.split()).casefold())
    if match is None:
        raise NotUnderstood("time", text)
    half, hour = match[1] or match[4] or match[5], int(match[2])
    minute = 30 if match[3] == _HALF_PAST else int(match[3] or 0)
    if half is not None:
        if not 1 <= hour <= 12:
            raise NotUnderstood("time", text)
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    if hour > 23 or minute > 59:
        raise NotUnderstood("time", text)
    return time(hour, minute)


def read_reserve(words: Words) -> OpenReserve:
    """The branch, the day, the time and the treatment are taken out; what is left is the patient.
    NotUnderstood("date") for a day that no calendar has: it is nobody's name."""
    branch = take_branch(words)
    day = words.take_run(lambda text: read_day(text, words.today))
    clock = words.take_run(lambda text: text if _CLOCK.match("".join(text.split()).casefold()) else None)
    treatment = words.take_run(lambda text: known_treatment(words.policy, text), keep=1)
    for word in words.left:
        if _LIKE_A_DAY.match(word) and len(words.left) > 1:
            raise NotUnderstood("date", word)
    patient = words.take_rest()
    if not patient:
        raise Missing("patient")
    return OpenReserve(
        branch=branch,
        day=day,
        treatment=short_treatment(words.policy, treatment),
        clock=f"{read_clock(clock):%H:%M}" if clock else "",  # short: it may have to go onto a button
        patient=patient,
    )


def known_treatment(policy: Policy, text: str) -> str | None:
    """The slug of a treatment that the policy names so."""
    slug = policy.treatment_slug(text)
    return slug if slug in policy.treatments else None


def short_treatment(policy: Policy, slug: str | None) -> str:
    """A treatment as a button carries it: its slug, or the beginning of a long one that no other has."""
    if not slug or len(slug) <= LONGEST_SLUG:
        return slug or ""
    others = [one for one in policy.treatments if one != slug]
    sizes = range(LONGEST_SLUG, len(slug) + 1)
    return next(
        slug[:n] for n in sizes if not any(one.startswith(slug[:n]) for one in others) or n == len(slug)
    )


def whole_treatment(policy: Policy, text: str) -> str | None:
    """The slug behind what a button carried; StaleButton when no treatment is called so any more."""
    if not text:
        return None
    fitting = [text] if text in policy.treatments else [s for s in policy.treatments if s.startswith(text)]
    if len(fitting) != 1:
        raise StaleButton
    return fitting[0]
