"""Posts what came of a file that was found in the watched folder: one card a file.

The folder itself is looked at in `bot/watching.py`, because a job touches no files.
"""

from crm_core.outbox import actions as outbox
from crm_core.staff.accounts import accounts_with, bindings_for
from crm_core.tables.people import Role
from handlers.imports import ShowFile
from handlers.menu import WIRE
from jobs.job import JobContext

PURPOSES = ("imports", "digest")
"""Where the card is posted: the first of these that a channel of the branch is bound to."""


def post_file(context: JobContext, file_id: int) -> int:
    """The card into the branch's channel, else privately to its lead coordinators; how many are new."""
    db, slug = context.db, context.branch.slug
    bound = next((found for purpose in PURPOSES if (found := bindings_for(db, slug, purpose))), [])
    places = [outbox.Destination(one.platform, one.address) for one in bound]
    if not places:
        leads = accounts_with(db, Role.LEAD, slug)
        places = [outbox.Destination(platform, None, staff_id) for platform, staff_id in leads]
    posted = 0
    for place in places:
        where = place.address or f"staff-{place.staff_id}"
        posted += outbox.post(
            db,
            once=f"file:{file_id}:{place.platform}:{where}",
            command=WIRE.encode(ShowFile(file_id)),
            to=place,
            now=context.now,
            branch=slug,
        )
    return posted
