"""A branch in words, and the branches that an answer is about."""

from crm_core.errors import NotAllowed, OtherBranch
from crm_core.staff.access import Person
from crm_core.tables.people import Role
from handlers.language.menu_item import Context
from handlers.language.words import Words


def take_branch(words: Words) -> str:
    """The slug of the first word that names a branch (gangnam, 강남점, 강남); "" when none does."""
    known = {
        _folded(name): slug
        for slug, branch in words.policy.branches.items()
        for name in (slug, branch.name_ko, branch.name_en, branch.name_ko.removesuffix("점"))
    }
    for index, word in enumerate(words.left):
        if (slug := known.get(_folded(word))) is not None:
            del words.left[index]
            return slug
    return ""


def branches_for(branch: str, context: Context, roles: frozenset[Role]) -> tuple[str, ...]:
    """The branch asked for, else the channel's, else all at which the asker holds one of the roles.

    OtherBranch for a foreign or unknown one, NotAllowed without any.
    """
    own = _own(context.person, context, roles)
    wanted = branch or context.channel_branch or ""
    if not wanted:
        return own
    if wanted not in own:
        raise OtherBranch
    return (wanted,)


def _own(person: Person, context: Context, roles: frozenset[Role]) -> tuple[str, ...]:
    own = person.branches(roles, context.policy)
    if not own:
        raise NotAllowed(tuple(role.value for role in Role if role in roles))
    return own


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
