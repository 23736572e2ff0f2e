"""What each shell command does, in a few lines."""

import json
from argparse import Namespace

from sqlmodel import Session

from bot import app, asking, checking, importing, jobs_by_hand, log, suggesting
from bot.config import json_schema, policy_lines
from bot.database import working_lock
from bot.opened import CannotOpen, Opened, open_real, open_sample
from bot.transaction import reading, step
from crm_core.staff import actions
from crm_core.staff.access import EVERYWHERE
from crm_core.staff.queries import active_staff, roles_held
from crm_core.tables.people import Role


def opened(args: Namespace) -> Opened:
    """The clinic a command works on: the sample with --demo, else the real one."""
    if args.demo:
        return open_sample(args.config, args.database)
    if args.database is not None:
        raise CannotOpen(
            "--database names a file of the sample clinic: give --demo too, or set DATABASE_URL."
        )
    return open_real(args.config)


def run(args: Namespace) -> int:
    clinic = opened(args)
    log.set_up(clinic.config.log_level)
    with working_lock(str(clinic.engine.url)):
        app.run_real(clinic)
    return 0


def demo(args: Namespace) -> int:
    from crm_core.sample_clinic import facts, plan, write_csv

    log.set_up("WARNING")
    clinic = open_sample(args.config, args.database)
    assert clinic.sample is not None
    if args.facts:
        for fact in facts(clinic.sample.seed, clinic.sample.today, clinic.policy):
            print(fact.line())
        return 0
    if args.export is not None:
        args.export.mkdir(parents=True, exist_ok=True)
        sample = plan(clinic.sample.seed, clinic.sample.today, clinic.policy)
        for name, text in write_csv(sample).items():
            (args.export / name).write_text(text, encoding="utf-8")
            print(args.export / name)
        return 0
    if args.seed_only:
        print(f"The sample clinic is ready: {clinic.engine.url.database}")
        return 0
    with working_lock(str(clinic.engine.url)):
        app.run_demo(clinic, port=args.port, browser=not args.no_browser, say=print)
    return 0


def check(args: Namespace) -> int:
    return checking.check(args.config, demo=args.demo, database=args.database)


def import_file(args: Namespace) -> int:
    if args.suggest is not None:
        suggested: int = suggesting.suggest(args.suggest, args.config, args.kind)
        return suggested
    if args.kind is None or args.file is None:
        raise CannotOpen("write: import KIND FILE, or import --suggest FILE")
    clinic = opened(args)
    wanted = importing.ImportArgs(
        kind=args.kind,
        file=args.file,
        branch=args.branch,
        mapping=args.mapping,
        until=args.until,
        complete=args.complete,
        yes=args.yes,
        dry_run=args.dry_run,
    )
    code: int = importing.run_import(wanted, clinic.config, clinic.engine, clinic.clock)
    return code


def job(args: Namespace) -> int:
    clinic = opened(args).at(args.at)
    return jobs_by_hand.run(clinic, args.name, really=args.really or clinic.sample is not None)


def ask(args: Namespace) -> int:
    clinic = opened(args).at(args.at)
    return asking.ask(
        clinic,
        args.text,
        as_staff=args.as_staff,
        as_json=args.json,
        speech=args.language,
        save=args.save,
    )


def staff(args: Namespace) -> int:
    clinic = opened(args)
    if args.what == "list":
        with reading(clinic.engine) as db:
            for line in _staff_lines(db):
                print(line)
        return 0
    if not args.name or not args.role:
        raise CannotOpen("write: staff add NAME --role ROLE [--branch SLUG]")
    for branch in args.branch:
        if branch not in clinic.policy.branches:
            known = ", ".join(clinic.policy.branches)
            raise CannotOpen(f'--branch "{branch}": there is no such branch. There are: {known}')
    branches = tuple(args.branch) or (EVERYWHERE,)
    with step(clinic.engine) as db:
        roles = {Role(role): branches for role in args.role}
        made = actions.add_staff(db, name=args.name, roles=roles)
        code = actions.make_link_code(db, made, clinic.clock.now())
    print(f"{args.name} may link an account within {actions.CODE_MINUTES} minutes by writing to the bot:")
    print(f"  /link {code}")
    return 0


def _staff_lines(db: Session) -> list[str]:
    held = roles_held(db)
    return [
        "\t".join([str(one.id), one.name, ", ".join(f"{r.value}@{b}" for r, b in held.get(one.id or 0, []))])
        for one in active_staff(db)
    ]


def policy(args: Namespace) -> int:
    clinic = opened(args)
    for path, value, origin in policy_lines(clinic.config):
        print(f"{path} = {value}    [{origin}]")
    return 0


def config(_args: Namespace) -> int:
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
