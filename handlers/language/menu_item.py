"""A command of the menu: one frozen description, and the one place where its role is checked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlmodel import Session

from crm_core.errors import NotAllowed, NotUnderstood, OtherBranch, StaleButton
from crm_core.policy.policy import Policy
from crm_core.staff.access import EVERYONE, Person
from crm_core.tables.people import Role
from handlers.language.language import Language
from handlers.language.reply import Command, Reply
from handlers.language.words import Words

C = TypeVar("C", bound=Command)


@dataclass(frozen=True)
class Context:
    """Who asks, when, in which step and language, and whether others read the answer."""

    db: Session
    person: Person
    policy: Policy
    now: datetime
    language: Language
    private: bool
    press_key: str | None = None  # the platform's own key of what was done, for one effect each
    uploads: tuple[tuple[str, bytes], ...] = ()
    channel_branch: str | None = None  # the branch a staff channel belongs to
    menu: "tuple[MenuItem[Any], ...]" = ()  # for /help
    as_json: bool = False  # `data` will be read: lists give everybody, and audit it

    @property
    def say(self) -> Callable[..., str]:
        return self.language.say

    def today(self, branch: str | None = None) -> date:
        """The local date: of a branch, else of the person's first branch, else of the group's first."""
        slug = branch or next(iter(self.person.branches(EVERYONE, self.policy)), None)
        return self.policy.branch(slug or next(iter(self.policy.branches))).today(self.now)


@dataclass(frozen=True)
class MenuItem(Generic[C]):
    """`code` stands on buttons and is never reused. `read` makes the command from typed words; None
    when it is only ever pressed. `about_patient`: typed in a channel it is answered privately."""

    code: str
    command: type[C]
    answer: Callable[[C, Context], Reply]
    name: str = ""
    summary: str = ""
    example: str = ""
    korean: tuple[str, ...] = ()
    read: Callable[[Words], Command] | None = None
    roles: frozenset[Role] = EVERYONE
    reads_only: bool = False
    about_patient: bool = False
    hidden: bool = False
    module: str = ""  # of config.yaml's `modules`; "" is always there

    def is_offered(self, policy: Policy) -> bool:
        """Whether the clinic has this part of the product switched on."""
        return not self.module or self.module in policy.modules

    def give(self, command: Any, context: Context) -> Reply:
        """The answer; NotAllowed when the person holds none of the roles. Typed, pressed, submitted and
        uploaded commands all come through here."""
        if not self.is_offered(context.policy):
            raise NotUnderstood("command", f"/{self.name}" if self.name else self.module)
        if not context.person.has(self.roles):
            raise NotAllowed(tuple(role.value for role in Role if role in self.roles))
        _refuse_impossible(command, context.policy)
        return self.answer(command, context)


def _refuse_impossible(command: Any, policy: Policy) -> None:
    """A press is trusted no more than typed words: a branch that there is not, a period that ends before
    it begins. OtherBranch, StaleButton."""
    branch = getattr(command, "branch", None)
    if branch and branch not in policy.branches:
        raise OtherBranch
    first, last = getattr(command, "first", None), getattr(command, "last", None)
    if isinstance(first, date) and isinstance(last, date) and last < first:
        raise StaleButton
