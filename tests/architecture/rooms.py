"""How a line knows its room: what the import contracts cannot see, read from the syntax tree.

Each `Rule` finds lines of one kind and says in which rooms they may stand. A room is a path
from the root of the repository: a file (`bot/clock.py`), everything below a folder (`bot/`) or a
pattern (`crm_core/*/actions.py`).
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "jobs", "handlers", "crm_core")

EXCEPTION_ROOMS = ("bot/dispatcher.py", "bot/scheduler.py", "bot/postman.py")
MIGRATIONS = "crm_core/migrations/"
SAMPLE = ("crm_core/sample_clinic.py", "crm_core/sample_clinic/")
DATABASE_ROOMS = ("crm_core/", "bot/database.py", "bot/transaction.py")

# A package of others → the only rooms that may import it.
FOREIGN: dict[str, tuple[str, ...]] = {
    "alembic": (MIGRATIONS,),
    "apscheduler": ("bot/scheduler.py",),
    "cryptography": ("crm_core/privacy.py",),
    "dotenv": ("bot/config/", "bot/config.py"),
    "holidays": ("crm_core/policy/", "bot/config/", "bot/config.py"),
    "jinja2": ("bot/local/",),
    "matplotlib": ("handlers/pictures/",),
    "pandas": ("crm_core/reports/",),
    "phonenumbers": ("crm_core/phone.py",),
    "psycopg": ("bot/database.py",),
    "pylopdf_fonts_ko": ("handlers/pictures/", "crm_core/reports/", "bot/local/"),
    "scipy": ("crm_core/reports/",),
    "slack_bolt": ("bot/slack/",),
    "slack_sdk": ("bot/slack/",),
    "starlette": ("bot/local/", "bot/health.py"),
    "telegram": ("bot/telegram/",),
    "tqdm": ("bot/",),
    "uvicorn": ("bot/local/", "bot/health.py"),
    "yaml": ("bot/config/", "bot/config.py"),
}

_WALL_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
_OUTSIDE_WORLD = {"os", "pathlib", "shutil", "tempfile", "glob", "subprocess", "socket"}
_QUESTIONS = {"exec", "execute", "get", "get_one", "query", "scalar", "scalars", "stream_scalars"}
_WRITES = {"add", "add_all", "bulk_save_objects", "delete", "merge"}
_SESSIONS = {"db", "session"}
_SQL = {"delete", "insert", "select", "text", "update"}
_BULK = ("crm_core/bulk.py", "crm_core/sql.py")
_BULK_WRITES = {"insert_ignoring", "insert_many", "insert_of", "merge", "upsert"}


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


@dataclass(frozen=True)
class Rule:
    """Lines of one kind and the rooms they may stand in; `looks_at` limits the rule to rooms."""

    says: str
    finds: Callable[[ast.AST], bool]
    may_stand_in: tuple[str, ...]
    looks_at: tuple[str, ...] = tuple(f"{room}/" for room in ROOMS)

    def findings(self, path: str, tree: ast.AST) -> Iterator[Finding]:
        if not _in(path, self.looks_at) or _in(path, self.may_stand_in):
            return
        for node in ast.walk(tree):
            if self.finds(node):
                yield Finding(self.says, path, getattr(node, "lineno", 0))


def check(path: str, source: str, rules: Iterable[Rule]) -> list[Finding]:
    """Every broken rule in one source, as `path:line: rule`."""
    tree = _WithoutDocstrings().visit(ast.parse(source))
    return [finding for rule in rules for finding in rule.findings(path, tree)]


class _WithoutDocstrings(ast.NodeTransformer):
    """A docstring may give an example in Korean: it is read by developers."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)


def sources() -> Iterator[tuple[str, str]]:
    """The path and the text of each file of the four rooms."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text()


def _in(path: str, places: tuple[str, ...]) -> bool:
    return any(fnmatch(path, f"{place}*" if place.endswith("/") else place) for place in places)


def _awaits(node: ast.AST) -> bool:
    if isinstance(node, ast.comprehension):
        return bool(node.is_async)
    return isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)


def _commits(node: ast.AST) -> bool:
    return _calls(node) in {"commit", "begin_nested"}


def _catches_everything(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or _names_everything(node.type)
    if _calls(node) == "suppress" and isinstance(node, ast.Call):
        return any(_names_everything(argument) for argument in node.args)
    return False


def _names_everything(node: ast.AST) -> bool:
    if isinstance(node, ast.Tuple):
        return any(_names_everything(element) for element in node.elts)
    return isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}


def _reads_the_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute):
        return False
    owner = node.value
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return (name, node.attr) in _WALL_CLOCK


def _touches_the_machine(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"input", "open", "print"}
    return any(name.split(".")[0] in _OUTSIDE_WORLD for name in _imports(node))


def _asks_the_database(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module in {"sqlalchemy", "sqlmodel"}:
        return any(alias.name in _SQL | {"func", "col"} for alias in node.names)
    return _calls(node) in _QUESTIONS | _WRITES | {"flush"} and _on_a_session(node)


def _changes_a_row(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in {"delete", "insert", "update"} | _BULK_WRITES
    return _calls(node) in _WRITES and _on_a_session(node)


def _on_a_session(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return name in _SESSIONS


def _divides(node: ast.AST) -> bool:
    """A count by a count.

    By a number or a NAME of one a unit changes; `.days` are a length of time; a string is a path.
    """
    if not (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)):
        return False
    divisor = node.right if isinstance(node, ast.BinOp) else node.value
    if isinstance(divisor, ast.Constant) or (isinstance(divisor, ast.Name) and divisor.id.isupper()):
        return False
    return not any(_is_path_or_time(leaf) for leaf in _chain(node))


def _is_path_or_time(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.Attribute) and node.attr == "days"


def _chain(node: ast.AST) -> Iterator[ast.AST]:
    """The operands of `a / b / c`."""
    if isinstance(node, ast.BinOp):
        yield from _chain(node.left)
        yield from _chain(node.right)
    else:
        yield node


def _is_korean(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    # One syllable alone is a letter that is compared, not a word that is said.
    return sum("가" <= letter <= "힣" for letter in node.value) > 1


def _draws_with_pyplot(node: ast.AST) -> bool:
    return any(name in {"matplotlib.pyplot", "pylab", "matplotlib.pylab"} for name in _imports(node))


def _imports(node: ast.AST) -> list[str]:
    """The dotted names an import statement brings in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _calls(node: ast.AST) -> str:
    """The last name of what is called: `commit` for `db.commit()`; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _imports_package(package: str) -> Callable[[ast.AST], bool]:
    return lambda node: any(name.split(".")[0] == package for name in _imports(node))


AWAITS = Rule("only bot/ awaits", _awaits, ("bot/",))
COMMITS = Rule(
    "only bot/transaction.py and the migrations commit",
    _commits,
    ("bot/transaction.py", MIGRATIONS),
)
CATCHES = Rule(
    "only the dispatcher, the scheduler and the postman catch Exception",
    _catches_everything,
    EXCEPTION_ROOMS,
)
CLOCK = Rule("only bot/clock.py reads the clock", _reads_the_clock, ("bot/clock.py",))
MACHINE = Rule(
    "only bot/ reads files, the environment and the terminal",
    _touches_the_machine,
    ("bot/",),
)
ASKS = Rule("only crm_core/ asks the database", _asks_the_database, DATABASE_ROOMS)
CHANGES = Rule(
    "a row changes in an actions.py",
    _changes_a_row,
    # The audit row is written by whoever looks; the sample clinic makes its own past. How many rows are
    # written at once is said in two files that know no table: they are called in an actions.py as well.
    ("crm_core/*/actions.py", "crm_core/staff/audit.py", *_BULK, MIGRATIONS, *SAMPLE),
    looks_at=("crm_core/",),
)
DIVIDES = Rule(
    "one count is divided by another in crm_core/kpi/ only",
    _divides,
    ("crm_core/kpi/", "crm_core/reports/", "handlers/pictures/"),
    looks_at=("crm_core/", "handlers/", "jobs/"),
)
SPEAKS = Rule(
    "a sentence a person reads stands in handlers/",
    _is_korean,
    SAMPLE,
    looks_at=("crm_core/", "jobs/"),
)
PYPLOT = Rule("pictures are drawn with Figure, never pyplot", _draws_with_pyplot, ())
PACKAGES = tuple(
    Rule(f"{package} is imported in {', '.join(rooms)} only", _imports_package(package), rooms)
    for package, rooms in FOREIGN.items()
)
RULES = (
    AWAITS,
    COMMITS,
    CATCHES,
    CLOCK,
    MACHINE,
    ASKS,
    CHANGES,
    DIVIDES,
    SPEAKS,
    PYPLOT,
    *PACKAGES,
)
