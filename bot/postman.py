"""Outbox → channels: claim, start, one request, finish. Between start and finish nothing else happens."""

import asyncio
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session

from bot import log
from bot.channel import Channel, Delivery, NotSent, Sent, Unknown
from bot.clock import Clock
from bot.transaction import step
from crm_core.database_clock import lease_clock
from crm_core.errors import CrmError, NotSaved
from crm_core.outbox import actions as outbox
from crm_core.outbox.queries import posting_of
from crm_core.policy.policy import Policy
from crm_core.staff import accounts
from crm_core.staff.access import Person, channel_person, person_of
from crm_core.staff.queries import staff_of
from crm_core.tables.chat import OutboxKind, OutboxRow, OutboxState, Posting
from handlers.language.language import Language, language
from handlers.language.menu_item import Context
from handlers.language.reply import Reply
from handlers.menu import MENU, WIRE

AT_ONCE = 16
ATTEMPTS = 8
FINISH_TRIES = 30
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class Letter:
    """A row that has been started: composed, addressed, about to be sent."""

    row: OutboxRow
    reply: Reply
    language: Language
    address: str
    message_id: str | None


class Postman:
    """Delivers what is due. Several processes may each have one on the same PostgreSQL."""

    def __init__(self, engine: Engine, policy: Policy, clock: Clock, channels: Mapping[str, Channel]) -> None:
        self._engine = engine
        self._policy = policy
        self._clock = clock
        self._channels = channels
        self._owner = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to deliver now."""
        self._wake.set()

    async def run(self) -> None:
        """Delivers until cancelled; looks at least every second."""
        while True:
            try:
                delivered = await self.drain()
            except Exception as problem:  # the post goes on, whatever one round met
                log.trouble("delivery round failed", problem)
                delivered = 0
            if not delivered:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), timeout=1)
                except TimeoutError:
                    continue

    async def drain(self) -> int:
        """Delivers everything that is due now; how many rows were worked."""
        worked = 0
        while True:
            rows = await asyncio.to_thread(self._claim)
            if not rows:
                return worked
            worked += len(rows)
            for row in rows:
                await self._deliver(row)

    def _claim(self) -> list[OutboxRow]:
        with step(self._engine) as db:
            return outbox.claim(
                db, owner=self._owner, now=self._clock.now(), lease_now=lease_clock(db), limit=AT_ONCE
            )

    async def _deliver(self, row: OutboxRow) -> None:
        try:
            letter = await asyncio.to_thread(self._start, row)
        except CrmError as problem:
            if not isinstance(problem, NotSaved):  # a lease that could not be used comes back by itself
                await asyncio.to_thread(self._drop, row, type(problem).__name__)
            return
        except Exception as problem:
            log.trouble("composing failed", problem, outbox=row.id)
            await asyncio.to_thread(self._drop, row, "composing failed")
            return
        if letter is None:
            return
        outcome = await self._send(letter)
        await self._keep(letter, outcome)

    async def _keep(self, letter: Letter, outcome: Delivery) -> None:
        """What came of it is written; the database being away for a while loses nothing but time."""
        for _ in range(FINISH_TRIES):
            try:
                await asyncio.to_thread(self._finish, letter, outcome)
            except NotSaved:
                await asyncio.sleep(1)
            else:
                return
        log.trouble("delivery result not saved", outbox=letter.row.id)

    def _start(self, row: OutboxRow) -> Letter | None:
        assert row.id is not None
        with step(self._engine) as db:
            now = self._clock.now()
            if not outbox.start(db, row.id, owner=self._owner, now=now, lease_now=lease_clock(db)):
                return None
            return self._compose(db, row, now)

    def _compose(self, db: Session, row: OutboxRow, now: datetime) -> Letter | None:
        posting = posting_of(db, row.posting_id)
        staff_id = row.staff_id or (posting.staff_id if posting else None)
        address = row.address or (accounts.address_of(db, staff_id, row.platform) if staff_id else None)
        if address is None or row.platform not in self._channels:
            raise NotReachable
        person, speech = self._reader(db, row, staff_id, address, posting)
        item, command = WIRE.decode(row.command)
        context = Context(
            db=db,
            person=person,
            policy=self._policy,
            now=now,
            language=speech,
            private=person.staff_id is not None and address.startswith("@"),
            channel_branch=row.branch,
            menu=MENU,
        )
        reply = item.give(command, context)
        message_id = posting.message_id if posting else None
        return Letter(row, reply, speech, address, message_id)

    def _reader(
        self, db: Session, row: OutboxRow, staff_id: int | None, address: str, posting: Posting | None
    ) -> tuple[Person, Language]:
        bound = accounts.binding_at(db, row.platform, address)
        if bound is not None:
            return channel_person(self._policy, bound.branch), language(bound.language)
        staff = staff_of(db, staff_id)
        if staff is None:
            raise NotReachable
        person = person_of(db, staff)
        spoken = person.language or (posting.language if posting else None) or self._policy.language
        return person, language(spoken)

    async def _send(self, letter: Letter) -> Delivery:
        channel = self._channels[letter.row.platform]
        try:
            if letter.row.kind is OutboxKind.AMEND and letter.message_id:
                return await channel.amend(letter.address, letter.message_id, letter.reply, letter.language)
            return await channel.say(letter.address, letter.reply, letter.language, letter.row.public_id)
        except Exception as problem:  # what is not certainly NotSent is Unknown
            log.trouble("delivery broke", problem, outbox=letter.row.id)
            return Unknown(type(problem).__name__)

    def _finish(self, letter: Letter, outcome: Delivery) -> None:
        now = self._clock.now()
        state, why, message_id, not_before = self._judge(letter.row, outcome, now)
        assert letter.row.id is not None
        with step(self._engine) as db:
            row = outbox.finish(
                db,
                letter.row.id,
                owner=self._owner,
                now=now,
                state=state,
                why=why,
                message_id=message_id,
                not_before=not_before,
            )
            reply = letter.reply
            if row is None or message_id is None or reply.about is None or reply.shows is None:
                return
            outbox.remember_place(
                db,
                about=reply.about,
                command=WIRE.encode(reply.shows),
                platform=row.platform,
                address=letter.address,
                message_id=message_id,
                staff_id=row.staff_id,
                branch=row.branch,
                language=letter.language.code,
                now=now,
            )

    def _judge(
        self, row: OutboxRow, outcome: Delivery, now: datetime
    ) -> tuple[OutboxState, str | None, str | None, datetime | None]:
        match outcome:
            case Sent(message_id):
                return OutboxState.SENT, None, message_id, None
            case NotSent(why, retry_after, for_good):
                if for_good or (retry_after is None and row.attempts + 1 >= ATTEMPTS):
                    return OutboxState.FAILED, why, None, None
                wait = retry_after or min(LONGEST_WAIT, timedelta(seconds=2**row.attempts))
                return OutboxState.PENDING, why, None, now + wait
            case Unknown(why):
                if row.kind is OutboxKind.AMEND:  # an edit may be repeated: it says the same again
                    return OutboxState.PENDING, why, None, now + timedelta(seconds=2)
                return OutboxState.UNKNOWN, why, None, None

    def _drop(self, row: OutboxRow, why: str) -> None:
        assert row.id is not None
        with step(self._engine) as db:
            outbox.drop(db, row.id, owner=self._owner, now=self._clock.now(), why=why)


class NotReachable(CrmError):
    """The platform is not connected, or the person has no account on it."""
