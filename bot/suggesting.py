"""`import --suggest FILE`: proposes a mapping for unknown headers; no database is opened."""

import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.config import load
from bot.files import ManyFiles, opened
from crm_core.imports.complaint import FileRefused
from crm_core.imports.suggest import suggest as suggestion_for
from handlers import imported
from handlers.complaints import KOREAN, refusal
from handlers.header_words import HEADER_WORDS
from handlers.language.language import language
from handlers.suggested import profile_name, yaml_block


def suggest(file: Path, config_path: Path, kind: str | None, speech: str = "en") -> int:
    """Prints the block; 0, or 1 when a required column is not found, or 2 when this is no table."""
    say = language(speech)
    policy = load(config_path, {}, SystemClock().now().date()).policy
    try:
        with opened(file) as source:
            found = suggestion_for(source, policy, KOREAN, HEADER_WORDS, kind=kind, name=file.name)
    except OSError:
        print(imported.no_such_file(say, file.name), file=sys.stderr)
        return 2
    except ManyFiles:
        print(imported.many_files(say, file.name), file=sys.stderr)
        return 2
    except FileRefused as refused:
        print(f"{file.name}: {refusal(say, refused)}", file=sys.stderr)
        return 2
    name = profile_name(file.name, found.kind, policy.mappings)
    for line in yaml_block(say, file.name, found, name):
        print(line)
    return 1 if found.lacking else 0
