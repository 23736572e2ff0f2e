"""Every word of the local chat page that is not part of a message."""

from datetime import datetime

from crm_core.policy.branch import Branch
from crm_core.policy.policy import Policy
from crm_core.staff.access import EVERYONE, Person
from handlers.errors import ROLE_NAMES
from handlers.language import figures
from handlers.language.language import N_, Language

_TEXTS = {
    "app": N_("Dasi"),
    "tagline": N_("The clinic's assistant that looks after people again"),
    "sample": N_("Sample clinic: every person here is invented"),
    "places": N_("Places"),
    "channels": N_("Channels"),
    "private": N_("Private chat"),
    "private_hint": N_("Only you see this"),
    "with_dasi": N_("Dasi and you"),
    "digest": N_("Morning digest"),
    "calls": N_("Calls"),
    "reservations": N_("Reservations"),
    "closing": N_("Closing"),
    "unread": N_("{n} unread"),
    "messages": N_("Messages"),
    "earlier": N_("Show earlier messages"),
    "write": N_("Write to Dasi"),
    "placeholder": N_("Type / for commands"),
    "send": N_("Send"),
    "attach": N_("Upload a file"),
    "drop_here": N_("Drop the file here: it goes to your private chat with Dasi"),
    "suggestions": N_("Commands"),
    "quick": N_("Quick commands"),
    "menu": N_("Open the menu"),
    "close": N_("Close"),
    "you_are": N_("You are"),
    "change": N_("Change"),
    "who": N_("Who would you like to be?"),
    "who_hint": N_(
        "Everybody sees only what their role and branch allow. Try the same question as somebody else."
    ),
    "somebody_unknown": N_("Somebody unknown"),
    "unknown_role": N_("Not linked to the clinic"),
    "all_branches": N_("All branches"),
    "language": N_("Language"),
    "clock": N_("Demo clock"),
    "clock_hint": N_("Whatever is due until then happens in its order."),
    "tomorrow": N_("Tomorrow morning"),
    "hour": N_("+1 hour"),
    "at_closing": N_("To closing time"),
    "other_time": N_("Other time"),
    "move": N_("Move the clock"),
    "date_time": N_("Date and time"),
    "moving": N_("Moving the clock…"),
    "moved": N_("It is {when} now."),
    "already_moving": N_("The clock is already moving. Please wait a moment."),
    "only_forward": N_("The clock only goes forward. Choose a later time."),
    "too_far": N_("The clock moves at most {days} days at once."),
    "no_moment": N_("I could not read that time. Write it as 2026-11-25 09:30."),
    "open_today": N_("Open today {opens}–{closes}"),
    "closed_today": N_("Closed today"),
    "working": N_("Working on it…"),
    "sent_privately": N_("Sent to you privately"),
    "open_private": N_("Open the private chat"),
    "withdrawn": N_("This message was taken back."),
    "edited": N_("updated"),
    "you": N_("you"),
    "only_you": N_("Only you see this"),
    "download": N_("Download"),
    "enlarge": N_("Open the picture"),
    "required": N_("required"),
    "choose": N_("Please choose"),
    "fill_in": N_("Please fill this in."),
    "out_of_range": N_("Choose a day from {first} to {last}."),
    "check_fields": N_("Please check the marked fields."),
    "too_large": N_("The file is larger than {megabytes} MB. Split it, or import it from the shell."),
    "empty_file": N_("The file is empty."),
    "no_words": N_("There is nothing to send."),
    "too_long": N_("That is longer than {letters} letters. Please make it shorter."),
    "not_your_place": N_("You cannot write here. Choose a place in the menu."),
    "not_saved": N_("Not saved. Please press again."),
    "lost": N_("The connection is gone. I keep trying…"),
    "back": N_("Connected again."),
    "failed": N_("That did not work. Please load the page again."),
    "empty_channel": N_("Nothing here yet"),
    "empty_channel_hint": N_(
        "Dasi posts here by itself when it is time. Move the clock to tomorrow morning to see it."
    ),
    "empty_private": N_("Hello {name}!"),
    "empty_private_hint": N_("Ask me anything about the clinic's day. Nobody else reads this chat."),
    "empty_unknown_hint": N_(
        "Dasi does not know you yet. Write something to see what an unknown person is told."
    ),
}


def page_text(key: str, language: Language, **values: object) -> str:
    """One text of the page by its key."""
    return language.say(_TEXTS[key], **values)


def page_texts(language: Language) -> dict[str, str]:
    """All texts of the page by key, their places not yet filled."""
    return {key: language.say(text) for key, text in _TEXTS.items()}


def channel_title(purposes: tuple[str, ...], language: Language) -> str:
    """What a channel is for: "Morning digest"; a purpose without a text of ours is its own name."""
    return " · ".join(language.say(_TEXTS.get(purpose, purpose)) for purpose in purposes)


def role_line(person: Person, policy: Policy, language: Language) -> str:
    """ "Coordinator · Gangnam": what somebody is and where."""
    held = {role for role, _ in person.roles}
    roles = ", ".join(language.say(name) for role, name in ROLE_NAMES.items() if role in held)
    slugs = person.branches(EVERYONE, policy)
    if len(slugs) == len(policy.branches) > 1:
        return f"{roles} · {page_text('all_branches', language)}"
    branches = ", ".join(policy.branch(slug).name(language.code) for slug in slugs)
    return f"{roles} · {branches}"


def hours_line(branch: Branch, now: datetime, language: Language) -> str:
    """Whether and when the branch is open on its own today."""
    hours = branch.hours_on(branch.today(now))
    if hours is None:
        return page_text("closed_today", language)
    return page_text("open_today", language, opens=f"{hours.opens:%H:%M}", closes=f"{hours.closes:%H:%M}")


def clock_line(branch: Branch, now: datetime, language: Language) -> str:
    """11/25(수) 09:31: the branch's own date and time."""
    return figures.staff_moment(now, branch, language)
