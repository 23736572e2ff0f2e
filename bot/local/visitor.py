"""Who looks at the page, as whom, and at which place."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Engine

from bot.local.channel import PLATFORM
from bot.transaction import reading
from crm_core.local_chat import queries
from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.staff.access import EVERYONE, Person
from crm_core.tables.people import Role
from handlers.language.language import Language, language

GUEST = "@guest"


@dataclass(frozen=True)
class Place:
    """A staff channel with everything it is for, or somebody's private chat."""

    address: str
    branch: str = ""
    purposes: tuple[str, ...] = ()

    @property
    def private(self) -> bool:
        return self.address.startswith("@")


@dataclass(frozen=True)
class Persona:
    """Somebody a visitor may be. Without a person: an account nobody knows."""

    account: str
    person: Person | None

    @property
    def author(self) -> str:
        return f"staff:{self.person.staff_id}" if self.person else "guest"


@dataclass(frozen=True)
class Visitor:
    """One look at the page: who, where, and everybody and every place there is to choose from."""

    persona: Persona
    place: Place
    places: tuple[Place, ...]
    personas: tuple[Persona, ...]
    language: Language
    branch: Branch

    def url(self, place: str, account: str | None = None) -> str:
        return "/?" + urlencode({"as": account or self.persona.account, "in": place})


class Visitors:
    """Reads from a request's words who looks; whoever is not known falls back to what is."""

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self._engine = engine
        self._policy = policy

    def look(self, account: str, place: str, spoken: str) -> Visitor:
        with reading(self._engine) as db:
            people = queries.people(db, PLATFORM)
            bindings = queries.channels(db, PLATFORM)
        personas = [Persona(played.account, played.person) for played in people]
        if all(persona.account != GUEST for persona in personas):
            personas.append(Persona(GUEST, None))
        persona = next((p for p in personas if p.account == account), None) or _first(personas)
        places = self._places(persona, [(b.address, b.branch, b.purpose) for b in bindings])
        here = next((p for p in places if p.address == place), places[0])
        spoken = (persona.person.language if persona.person else spoken) or self._policy.language
        return Visitor(
            persona=persona,
            place=here,
            places=places,
            personas=tuple(personas),
            language=language(spoken),
            branch=self._policy.branch(here.branch or self._own_branch(persona)),
        )

    def _places(self, persona: Persona, bindings: list[tuple[str, str, str]]) -> tuple[Place, ...]:
        """The private chat, and the channels of the person's branches."""
        own = persona.person.branches(EVERYONE, self._policy) if persona.person else ()
        channels: dict[str, Place] = {}
        for address, branch, purpose in bindings:
            if branch not in own:
                continue
            known = channels.get(address, Place(address, branch))
            channels[address] = Place(address, known.branch, (*known.purposes, purpose))
        return (Place(persona.account), *sorted(channels.values(), key=lambda p: own.index(p.branch)))

    def _own_branch(self, persona: Persona) -> str:
        own = persona.person.branches(EVERYONE, self._policy) if persona.person else ()
        return own[0] if own else next(iter(self._policy.branches))


def _first(personas: list[Persona]) -> Persona:
    """Who a new visitor is: the first coordinator, else whoever comes first."""
    wanted = (p for p in personas if p.person and p.person.has({Role.COORDINATOR}))
    return next(wanted, personas[0])
