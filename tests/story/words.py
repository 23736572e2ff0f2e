"""The words the story looks for, in both languages: those that a person reads on the page."""

from handlers.language.language import language

COORDINATOR = "국소이"
COLLEAGUE = "빈서율"
DIRECTOR = "도유경"

_TEXTS = {
    "calls_title": "{n} calls today",
    "claim": "I will call",
    "clinic_phone": "Please use the clinic's phone",
    "passive": "🙂 Passive yes",
    "passive_name": "Passive affirmation",
    "denial": "😐 Passive no",
    "denial_ask": "All outreach stops (own reservation notices remain). Right?",
    "back": "Back",
    "undo": "Undo",
    "done": "Done",
    "undone": "Taken back. The earlier entry is kept.",
    "no_answer": "No answer",
    "next": "Next one",
    "answer_me": "I will answer",
    "answered": "Answered",
    "book": "Book",
    "free_times": "Free times",
    "booked": "✅ Booked",
    "linked": "I do not know this account yet. Ask your administrator for a code and write /link CODE.",
}


def words(code: str) -> dict[str, str]:
    """The story's words in a language; a place in a text is cut off where it begins."""
    speech = language(code)
    return {key: speech.say(text).partition("{")[0].strip() for key, text in _TEXTS.items()}
