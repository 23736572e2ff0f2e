"""python -m bot run | demo | check | import | job | ask | staff | policy | config"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from bot import shell
from bot.config import ConfigError
from bot.database import DatabaseInUse
from bot.opened import CannotOpen
from crm_core.errors import NotSaved
from crm_core.tables.people import Role

IMPORT_KINDS = (
    "patients", "inquiries", "reservations", "visits", "consults",
    "treatments", "courses", "payments", "calls", "staff",
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Every shell command with its options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=Path("config.yaml"), help="the policy's file")
    common.add_argument("--demo", action="store_true", help="work on the sample clinic")
    common.add_argument("--database", type=Path, help="another file for the sample clinic")
    top = argparse.ArgumentParser(prog="python -m bot", description="Dasi, the clinic's staff assistant")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    add("run", shell.run, "the bot itself: every configured chat, the clock and health")
    demo = add("demo", shell.demo, "a clinic to play with in the browser; no account needed")
    demo.add_argument("--port", type=int, default=8765)
    demo.add_argument("--no-browser", action="store_true")
    demo.add_argument("--seed-only", action="store_true", help="only make the sample clinic")
    demo.add_argument("--facts", action="store_true", help="print what is planted in the sample clinic")
    demo.add_argument("--export", type=Path, metavar="FOLDER", help="write the sample as ten CSV files")
    add("check", shell.check, "look over configuration, database and channels: ok, wrong or not set")
    _import_options(add("import", shell.import_file, "read a file of the chart program: CSV, XLSX or FHIR"))
    job = add("job", shell.job, "run a job of the timetable now")
    job.add_argument("name")
    job.add_argument("--at", metavar="ISO", help="as if it were this moment")
    job.add_argument("--really", action="store_true", help="post it, on a real clinic too")
    ask = add("ask", shell.ask, "a chat command from the shell")
    ask.add_argument("text")
    ask.add_argument("--as", dest="as_staff", metavar="STAFF", help="ask as this member of staff")
    ask.add_argument("--at", metavar="ISO", help="as if it were this moment; later facts are hidden")
    ask.add_argument("--json", action="store_true", help="the answer as data (docs/json.md)")
    ask.add_argument("--language", choices=("ko", "en"))
    ask.add_argument("--save", type=Path, metavar="FOLDER", help="put the answer's files and pictures there")
    staff = add("staff", shell.staff, "staff of the clinic")
    staff.add_argument("what", choices=("add", "list"))
    staff.add_argument("name", nargs="?")
    staff.add_argument("--role", action="append", choices=[role.value for role in Role], default=[])
    staff.add_argument("--branch", action="append", default=[], help="where; everywhere without it")
    policy = add("policy", shell.policy, "the clinic's rules and where each comes from")
    policy.add_argument("what", choices=("show",))
    config = add("config", shell.config, "the shape of config.yaml")
    config.add_argument("what", choices=("schema",))
    return top


def _import_options(imports: argparse.ArgumentParser) -> None:
    imports.add_argument("kind", nargs="?", choices=(*IMPORT_KINDS, "fhir"))
    imports.add_argument("file", type=Path, nargs="?")
    imports.add_argument("--suggest", type=Path, metavar="FILE", help="propose a mapping, read nothing")
    imports.add_argument("--branch", help="whose facts these are, when the file does not say")
    imports.add_argument("--mapping", help="an export profile of config.yaml")
    imports.add_argument("--until", help="the facts are complete to the end of this day")
    imports.add_argument("--complete", metavar="FROM..TO", help="it holds all reservations of these days")
    imports.add_argument("--yes", action="store_true", help="cancel the reservations that it does not hold")
    imports.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def main() -> int:
    """The exit code: 0 done, 1 not done, 2 refused before anything began."""
    args = parser().parse_args()
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except ConfigError as problem:
        print(problem, file=sys.stderr)
        return 2
    except CannotOpen as problem:
        print(problem, file=sys.stderr)
        return 2
    except DatabaseInUse as problem:
        print(f"{problem} is in use: another Dasi is working on it. Stop that one first.", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has read enough; what is left must not be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except NotSaved:
        print("The database did not answer within two seconds; nothing was written.", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
