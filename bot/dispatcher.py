"""What a person did → inbox → command → reply, in one step; and what they read when it fails."""

import asyncio
import secrets
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from bot import log
from bot.channel import Answer, Incoming, Pressed, Submitted, Typed, Uploaded
from bot.clock import Clock
from bot.database import THREADS
from bot.transaction import reading, step
from crm_core.errors import CrmError, Failed, NotLinked, TooManyCommands, TooSlow
from crm_core.inbox import actions as inbox
from crm_core.outbox import actions as outbox
from crm_core.policy.policy import Policy
from crm_core.staff import accounts
from crm_core.staff import actions as staff_actions
from crm_core.staff.access import EVERYONE, Person
from handlers import errors, forms
from handlers.basics import LINK_WORDS
from handlers.language.language import Language, language
from handlers.language.menu_item import Context, MenuItem
from handlers.language.reply import Command, Reply, Text, Where, notice
from handlers.language.words import tidy
from handlers.menu import MENU, WIRE, not_a_command, read_typed, uploaded

SECONDS = 10
PER_MINUTE = 20


class FieldErrors(CrmError):
    """A submitted form cannot be read; by field."""

    def __init__(self, problems: dict[str, CrmError]) -> None:
        self.problems = problems


class Dispatcher:
    """The only way from a platform to a command; safe to call from many threads."""

    def __init__(self, engine: Engine, policy: Policy, clock: Clock) -> None:
        self._engine = engine
        self._policy = policy
        self._clock = clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="command")
        self._recent: dict[str, deque[datetime]] = {}

    async def hear(self, incoming: Incoming) -> Answer | None:
        """The answer, within ten seconds; None for talk that is no command and for what was heard before."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, self.work, incoming)
        try:
            return await asyncio.wait_for(asyncio.shield(work), SECONDS)
        except TimeoutError:
            speech = language(incoming.language)
            said = errors.sentence(TooSlow(SECONDS), speech, self._policy, None)
            return Answer(notice(said), speech, None)

    def work(self, incoming: Incoming) -> Answer | None:
        """One thing heard, worked once. Whatever fails is told in a sentence; nothing is half-written."""
        speech = language(incoming.language or self._policy.language)
        person: Person | None = None
        try:
            self._slow_down(incoming)
            with reading(self._engine) as db:
                person, speech = self._who(db, incoming, speech)
            return self._work(incoming, person, speech)
        except FieldErrors as problem:
            said = {
                name: errors.sentence(fact, speech, self._policy, person)
                for name, fact in problem.problems.items()
            }
            return Answer(notice(" ".join(said.values())), speech, None, errors=said)
        except CrmError as problem:
            return self._refused(incoming, problem, person, speech)
        except Exception as problem:  # a person must read a sentence whatever broke
            failed = Failed(f"{secrets.randbelow(10**6):06}")
            log.trouble("command failed", problem, reference=failed.reference, platform=incoming.platform)
            return self._refused(incoming, failed, person, speech)

    def _work(self, incoming: Incoming, person: Person | None, speech: Language) -> Answer | None:
        if person is None:
            return self._link(incoming, speech)
        found = self._read(incoming, person)
        if found is None:
            return None
        item, command = found
        if item.reads_only:
            with reading(self._engine) as db:
                reply = item.give(command, self._context(db, incoming, person, speech))
            return self._placed(incoming, item, reply, speech, person)
        with step(self._engine) as db:
            heard = inbox.hear(
                db,
                platform=incoming.platform,
                update_key=incoming.key,
                body=WIRE.encode(command),
                now=self._clock.now(),
            )
            if heard is None:
                return None
            reply = item.give(command, self._context(db, incoming, person, speech))
            inbox.done(db, heard)
        return self._placed(incoming, item, reply, speech, person)

    def _read(self, incoming: Incoming, person: Person) -> tuple[MenuItem[Any], Command] | None:
        match incoming.act:
            case Typed(text):
                found = read_typed(text, self._today(person), self._policy)
                if found is not None:
                    return found
                if not incoming.private:
                    return None
                return not_a_command(text)
            case Pressed(data):
                return WIRE.decode(data)
            case Submitted(data, values):
                item, command = WIRE.decode(data)
                filled, problems = forms.fill(command, values, self._today(person))
                if problems:
                    raise FieldErrors(problems)
                return item, filled
            case Uploaded(name, content):
                return uploaded(name, content)

    def _link(self, incoming: Incoming, speech: Language) -> Answer | None:
        """All that an unknown person can do: bind the account with a code, in a private chat."""
        words = tidy(incoming.act.text) if isinstance(incoming.act, Typed) else None
        if words is not None and not incoming.private and not words.startswith("/"):
            return None
        name, _, code = (words or "").removeprefix("/").partition(" ")
        if not incoming.private or name.casefold() not in LINK_WORDS or not code:
            raise NotLinked
        with step(self._engine) as db:
            staff = staff_actions.link_account(
                db,
                platform=incoming.platform,
                account=incoming.account,
                code=code,
                now=self._clock.now(),
            )
        said = speech.say("Linked. Hello {name}! Write /help to see what I can do.", name=staff.name)
        return Answer(Reply((Text(said),)), speech, staff.id)

    def _who(self, db: Session, incoming: Incoming, speech: Language) -> tuple[Person | None, Language]:
        person = accounts.person_behind(db, incoming.platform, incoming.account)
        if person is not None and person.language:
            speech = language(person.language)
        return person, speech

    def _context(self, db: Session, incoming: Incoming, person: Person, speech: Language) -> Context:
        bound = None
        if not incoming.private:
            bound = accounts.binding_at(db, incoming.platform, incoming.address)
        act = incoming.act
        return Context(
            db=db,
            person=person,
            policy=self._policy,
            now=self._clock.now(),
            language=speech,
            private=incoming.private,
            press_key=f"{incoming.platform}:{incoming.key}",
            uploads=((act.name, act.content),) if isinstance(act, Uploaded) else (),
            channel_branch=bound.branch if bound else None,
            menu=MENU,
        )

    def _today(self, person: Person) -> date:
        own = person.branches(EVERYONE, self._policy)
        slug = own[0] if own else next(iter(self._policy.branches))
        return self._policy.branch(slug).today(self._clock.now())

    def _placed(
        self, incoming: Incoming, item: MenuItem[Any], reply: Reply, speech: Language, person: Person
    ) -> Answer:
        in_sight = reply.where in (Where.HERE, Where.IN_PLACE)
        if item.about_patient and not incoming.private and in_sight:
            reply = replace(reply, where=Where.PRIVATE)
        return Answer(reply, speech, person.staff_id)

    def _refused(
        self, incoming: Incoming, problem: CrmError, person: Person | None, speech: Language
    ) -> Answer:
        said = errors.sentence(problem, speech, self._policy, person)
        where = Where.HERE if incoming.private and isinstance(incoming.act, Typed) else Where.NOTICE
        staff_id = person.staff_id if person else None
        return Answer(Reply((Text(said),), where=where), speech, staff_id, refused=True)

    def _slow_down(self, incoming: Incoming) -> None:
        if not isinstance(incoming.act, Typed):
            return
        now = self._clock.now()
        recent = self._recent.setdefault(f"{incoming.platform}:{incoming.account}", deque())
        while recent and now - recent[0] > timedelta(minutes=1):
            recent.popleft()
        if len(recent) >= PER_MINUTE:
            raise TooManyCommands(max(1, 60 - int((now - recent[0]).total_seconds())))
        recent.append(now)

    def shown(self, answer: Answer, *, platform: str, address: str, message_id: str) -> None:
        """A living card stands at this place now, and will be rendered anew when its facts change."""
        reply = answer.reply
        if reply.about is None or reply.shows is None:
            return
        with step(self._engine) as db:
            outbox.remember_place(
                db,
                about=reply.about,
                command=WIRE.encode(reply.shows),
                platform=platform,
                address=address,
                message_id=message_id,
                staff_id=answer.staff_id,
                branch=None,
                language=answer.language.code,
                now=self._clock.now(),
            )
