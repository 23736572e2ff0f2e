"""config.yaml is read once, and every mistake says its file, line, key and what would be right."""

from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from bot.config import ConfigError, environment, json_schema, load, policy_lines
from tests.bot.told import SOURCE, Told
from tests.clinic import ROOT, TODAY


def line_of(text: str, source: str = SOURCE) -> int:
    return source[: source.index(text)].count("\n") + 1


class TestOneMistake:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (
                "mon: 10:00–19:00 lunch 13:00–14:00",
                "mon: 25:00",
                'branches.gangnam.hours.mon "25:00": there is no hour 25; write 10:00–19:00',
            ),
            (
                "sat: 10:00–16:00",
                "sat: 16:00–10:00",
                'branches.gangnam.hours.sat "16:00–10:00": closes before it opens; write',
            ),
            (
                "tue: 10:00–19:00 lunch 13:00–14:00",
                "tue: 10:00–19:00 lunch 19:00–20:00",
                "lunch lies outside the hours 10:00–19:00; write",
            ),
            (
                "tue: 10:00–19:00 lunch 13:00–14:00",
                "tue: 10:00–19:00 lunch 14:00–13:00",
                "lunch ends before it begins; write",
            ),
            ("sun: closed", "sun: geschlossen", "these are not opening hours; write 10:00–19:00"),
            ("zone: Asia/Seoul", "zone: Asia/Soul", "no such time zone; write Asia/Seoul"),
            ("country: KR ", "country: XX ", 'group.country "XX": no country whose holidays'),
            ("currency: KRW", "currency: won", 'group.currency "won": this is not a currency'),
            ("2026-10-09: 10", "2026-13-09: 10", "opened_days.2026-13-09: there is no such day"),
            ("[2026-12-31]", "[2026-02-30]", 'closed_days[0] "2026-02-30": there is no such day'),
            ("due_after: 105", "due_after: 150", "not before churned_after 150; write a number"),
            (
                "due_after: 105, churned_after: 150",
                "due_after: 105",
                "treatments.botox_upper_face.returns: churned_after is missing; write {due_after",
            ),
            (
                "returns: {rule: no_recall}",
                "returns: {rule: no_recall, due_after: 3}",
                "no_recall has no days; delete due_after",
            ),
            ("family: filler", "family: fillers", 'there is no such family; write "filler"'),
            (
                "of_branch: {}",
                "of_branch: {haeundea: 20}",
                'of_branch.haeundea "20": there is no such branch; write "haeundae"',
            ),
            ("  minutes: 15 ", "  minutes: 0 ", 'inquiries.minutes "0": too small'),
            ("interval_from: 7,", "interval_from: 15,", "longer than interval_to 14; write"),
            ("gap_after: 21", "gap_after: 13", "a gap smaller than the interval; write 21"),
            ("fewest: 5,", "fewest: 11,", "more than sessions, which is 10; write"),
            ("aliases: [토닝,", "aliases: [보톡스,", "already a name of treatments.botox.name.ko"),
            ("aliases: [인스타]", "aliases: [카톡]", "already a name of sources.kakao.aliases[1]"),
            ("aliases: [병원장]", "aliases: [원장]", "already a name of roles.doctor.aliases[0]"),
            ("  hours: 10:00–19:00", "  hours: 07:00–19:00", "outside 08:00–21:00"),
            ("at: 10:30, reconfirms: false", "at: 19:30, reconfirms: false", "outside the hours"),
            ("slug: d1", "slug: d3", "used by an earlier step; write another word"),
            ("days_before: 1,", "days_before: 3,", "an earlier step has the same day; delete one"),
            ("per_coordinator: 15", "per_coordinator: many", "write a whole number from 1 to 200"),
            ("rounds: 2", "rounds: true", 'calls.rounds "true": not this kind of value; write a'),
            ("budget: 2 ", "budget: 200 ", 'calls.budget "200": too large; write a whole number'),
            ("minutes: 20", "minutes: 2.5", 'treatments.botox.minutes "2.5": not this kind of'),
            ("without_consent: ask", "without_consent: maybe", "not known; write one of hide, ask, allow"),
            ("[1, 3, 14]", "3", "write a list, [a, b]; of each item: a whole number from 1"),
            ("per_coordinator", "per_cordinator", 'unknown key; write "per_coordinator"'),
            ("phone: 02-555-0100", "", "branches.gangnam.phone: is missing; write 02-555-0100"),
            ("phone: 02-555-0100", "phone: call us", "not of the right form; write 02-555-0100"),
            ("  haeundae:", "  Haeundae:", "branches.Haeundae: not a name for a key; write a–z"),
            ("at_once: 3", "at_once: 3\n    at_once: 4", "at_once: written twice, first in line"),
            ("version: 1", "version: 2", 'version "2": not known; write 1'),
            ("{staff}", "{doctor}", "nothing fills {doctor}; write one of {name} {clinic}"),
            ("야간진료({days})", "야간진료({days)", "a brace without its pair; write {name}"),
            ("  no_need:", "  no_needs:", 'the cause "no_need" is missing; write it'),
            ("    negative_denial:", "    denial:", "no outcome has this manual; known are"),
            ("modules: [calls,", "modules: [call,", 'modules[0] "call": not known; write one of'),
            ("kind: reservations", "kind: reservation", 'no kind of file; write "reservations"'),
            ("chart_no: PatientId", "chartno: PatientId", 'no header of reservations; write "char'),
            ("chart_no: PatientId", "doctor: PatientId", "chart_no is missing, and reservations"),
            ("status: No-show", "status: patientid", "their column is already our chart_no; del"),
            ("Yes: no_show", "Yes: noshow", 'not a status of reservations; write "no_show"'),
            ("남: male", "남: m", "not a sex of patients; known are female, male, other"),
            ("chart_no: digits", "chart_no: number", "write one of digits, date_only, wall_clock"),
            ("      made_at: wall", "      deposit: wall", "not among its columns; known are"),
            ('"%Y.%m.%d %H:%M"', "YYYY.MM.DD", 'no form of a time (strptime); write "%Y-%m-%d'),
            (
                "    kind: patients",
                "    kind: patients\n    branch: gangnm",
                'there is no such branch; write "gangnam"',
            ),
            (
                "    kind: patients",
                "    kind: patients\n    constants: {sex: male}",
                "also among its columns; delete one of the two",
            ),
        ],
    )
    def test_names_file_line_key_and_what_would_be_right(
        self, told: Told, old: str, new: str, said: str
    ) -> None:
        lines = told.about((old, new))
        assert any(said in line for line in lines), lines
        assert all(line.startswith("config.yaml:") for line in lines)

    def test_stands_in_its_own_line(self, told: Told) -> None:
        (line,) = told.about(("family: filler", "family: fillers"))
        assert line.startswith(f"config.yaml:{line_of('family: filler')}: treatments.filler.family")

    def test_a_branch_closed_all_week_is_one(self, told: Told) -> None:
        week = SOURCE[SOURCE.index("      mon:") : SOURCE.index("    public_holidays")]
        days = "".join(
            f"      {day}: closed\n"
            for day in "mon tue wed thu fri sat sun".split()  # noqa: SIM905
        )
        (line,) = told.about((week, days))
        assert "branches.gangnam.hours: closed on all seven days" in line


class TestAFile:
    def test_reports_all_mistakes_at_once_in_the_order_of_its_lines(self, told: Told) -> None:
        lines = told.about(
            ("rounds: 2", "rounds: true"),
            ("  hours: 10:00–19:00", "  hours: 07:00–19:00"),
            ("family: filler", "family: fillers"),
            ("at_once: 3", "at_once: zero"),
            ("currency: KRW", "currency: won"),
        )
        keys = [line.split(": ")[1].split()[0] for line in lines]
        assert keys == [
            "group.currency",
            "branches.haeundae.at_once",
            "treatments.filler.family",
            "calls.rounds",
            "reminders.hours",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "config.yaml:1: the file: not a list of keys; begin with version: 1"),
            ("- a\n- b\n", "config.yaml:1: the file: not a list of keys; begin with version: 1"),
            ("version: 1\n\tgroup: x\n", "config.yaml:2: this is not YAML as Dasi reads it"),
            ("version: 1\na: &x [1]\nb: *x\n", "config.yaml:3: this is not YAML as Dasi reads it"),
            ("version: 1\n--- \nversion: 1\n", "config.yaml:2: this is not YAML as Dasi reads it"),
            ("version: 1\ngroup: \x01\n", "config.yaml:2: this is not YAML as Dasi reads it"),
            ("? [a, b]\n: 1\n", "config.yaml:1: the file: a key must be one word"),
            ("[" * 5000, "nested too deeply"),
            ("version: !!int one\n", 'config.yaml:1: version "one": not known; write 1'),
        ],
    )
    def test_that_is_no_policy_says_where(self, told: Told, text: str, said: str) -> None:
        assert any(said in line for line in told.of(text))

    def test_in_another_encoding_names_the_line(self, told: Told) -> None:
        told.path.write_bytes("version: 1\ngroup: {name: 다시}\n".encode("cp949"))
        with pytest.raises(ConfigError, match=r"^config.yaml:2: not UTF-8; save the file as UTF-8"):
            load(told.path, {}, TODAY)

    def test_with_a_byte_order_mark_is_read(self, told: Told) -> None:
        assert told.load("\ufeff" + SOURCE).policy.version == 1

    def test_that_is_not_there_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"^absent\.yaml: cannot be read"):
            load(tmp_path / "absent.yaml", {}, TODAY)


class TestASecret:
    @pytest.mark.parametrize(
        ("line", "hidden"),
        [
            ("slack_token: xoxb-1111-abcdef", "1111-abcdef"),
            ("app: xapp-1-A2-secretpart", "secretpart"),
            ('telegram: "123456:AAabcdefghijk"', "AAabcdefghijk"),
            ("# xoxb-2222-commented", "2222"),
            ("xoxb-3333-key: 1", "3333"),
            ("database_url: postgresql://dasi:hunter2@db/dasi", "hunter2"),
            ("password: hunter2", "hunter2"),
            ("digestKey: hunter2", "hunter2"),
            ("data_key: |\n  hunter2\n  hunter3", "hunter"),
            ("secrets: {a: {b: hunter2}}", "hunter2"),
            ("tokens:\n  - hunter2", "hunter2"),
            ("api-key: 31415926", "31415926"),
            ("비밀번호: hunter2", "hunter2"),
        ],
    )
    def test_is_refused_with_a_pointer_to_env_and_never_said_back(
        self, told: Told, line: str, hidden: str
    ) -> None:
        said = "\n".join(told.of(f"{SOURCE}\n{line}\n"))
        assert ".env" in said
        assert hidden not in said

    def test_is_refused_in_a_file_that_is_no_yaml(self, told: Told) -> None:
        said = "\n".join(told.of("version: 1\n\tbot: xoxb-4444-abcdef\n"))
        assert ".env" in said
        assert "4444" not in said

    def test_does_not_show_in_the_repr_of_a_config(self, told: Told) -> None:
        url = "postgresql://dasi:hunter2@db/dasi"
        config = told.load(SOURCE, DATA_KEY="k1:topsecret", DATABASE_URL=url)
        assert "topsecret" not in repr(config)
        assert "hunter2" not in repr(config)
        assert config.data_key is not None
        assert config.data_key.get_secret_value() == "k1:topsecret"
        assert config.database_url == url


class TestTheEnvironment:
    def test_has_defaults(self, told: Told) -> None:
        config = told.load(SOURCE)
        assert config.database_url == "sqlite:///var/dasi.db"
        assert config.data_key is None
        assert config.health_bind == "127.0.0.1:8080"
        assert config.log_level == "INFO"

    def test_wins_over_the_env_file(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("DATA_KEY=file\nLOG_LEVEL=DEBUG\nEMPTY\nPRICE=$HOME\n")
        found = environment(tmp_path, {"DATA_KEY": "shell"})
        assert found == {"DATA_KEY": "shell", "LOG_LEVEL": "DEBUG", "PRICE": "$HOME"}

    def test_without_an_env_file_is_itself(self, tmp_path: Path) -> None:
        assert environment(tmp_path, {"A": "1"}) == {"A": "1"}

    def test_is_checked_together_with_the_file_and_not_said_back(self, told: Told) -> None:
        lines = told.of(
            SOURCE.replace("version: 1", "version: 2", 1),
            DATABASE_URL="mysql://dasi:hunter2@db/dasi",
            HEALTH_BIND="127.0.0.1:99999",
            LOG_LEVEL="loud",
        )
        assert [line.split(": ")[1].split()[0] for line in lines] == [
            "version",
            "DATABASE_URL",
            "HEALTH_BIND",
            "LOG_LEVEL",
        ]
        assert "hunter2" not in "\n".join(lines)

    def test_example_names_exactly_the_variables_that_are_read(self) -> None:
        lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
        named = {line.partition("=")[0] for line in lines if "=" in line and line[0] != "#"}
        assert named == {"DATABASE_URL", "DATA_KEY", "HEALTH_BIND", "IMPORT_INBOX", "LOG_LEVEL"} | {
            "POSTGRES_PASSWORD"
        }  # the last one is read by compose.yaml


class TestPolicyLines:
    @staticmethod
    @lru_cache(maxsize=1)
    def lines() -> dict[str, tuple[str, str]]:
        config = load(ROOT / "config.yaml", {}, TODAY)
        return {path: (value, origin) for path, value, origin in policy_lines(config)}

    def test_say_the_line_a_value_stands_in(self) -> None:
        line = f"config.yaml:{line_of('per_coordinator')}"
        assert self.lines()["calls.per_coordinator"] == ("15", line)

    def test_say_what_is_a_default(self) -> None:
        assert self.lines()["treatments.filler.covered"] == ("false", "default")

    def test_write_values_as_the_file_does(self) -> None:
        said = {path: value for path, (value, _) in self.lines().items()}
        assert said["branches.gangnam.hours.fri"] == "10:00–21:00 lunch 13:00–14:00"
        assert said["branches.gangnam.hours.sun"] == "closed"
        assert said["branches.gangnam.opened_days.2026-10-09"] == "10:00–16:00"
        assert said["branches.gangnam.closed_days"] == "2026-12-31"
        assert said["reminders.steps[0].at"] == "10:30"
        assert said["calls.undecided_days"] == "1, 3, 14"
        assert said["calls.without_consent"] == "ask"

    def test_name_the_library_of_the_public_holidays(self) -> None:
        value, origin = self.lines()["branches.gangnam.holidays"]
        assert value.endswith("days, 2015–2036")
        assert origin.startswith("holidays ")


def test_the_json_schema_knows_every_section_and_forbids_others() -> None:
    schema = json_schema()
    assert schema["additionalProperties"] is False
    assert list(schema["properties"])[:3] == ["version", "group", "modules"]
    assert set(yaml.safe_load(SOURCE)) <= set(schema["properties"])


def test_holidays_reach_from_2015_to_ten_years_after_today(told: Told) -> None:
    told.path.write_text(SOURCE, "utf-8")
    holidays = load(told.path, {}, date(2030, 1, 1)).policy.branch("gangnam").holidays
    assert (min(holidays).year, max(holidays).year) == (2015, 2040)
