"""Posts what came of a file that was found in the watched folder: one card a file.

The folder itself is looked at in `bot/watching.py`, because a job touches no files.
"""

from handlers.imports import ShowFile
from jobs.job import JobContext
from jobs.posting import channels, leads, post_to

PURPOSES = ("imports", "digest")
"""Where the card is posted: the first of these that a channel of the branch is bound to."""


def post_file(context: JobContext, file_id: int) -> int:
    """The card into the branch's channel, else privately to its lead coordinators; how many are new."""
    places = channels(context, *PURPOSES) or leads(context)
    return post_to(context, places, command=ShowFile(file_id), once=f"file:{file_id}")
