"""Files that nobody here made: each is read twice, and counted by what is known of it."""

import re
import shutil
from pathlib import Path

from tests.clinic import ROOT
from tests.databases import migrated
from tests.story.stage import Told
from tests.story_data.clinic import Clinic, configuration, difference

DATA = ROOT.parent / "shared" / "data"
APPOINTMENTS, NO_SHOWS = 110_527, 22_319
NOSHOW = "/noshow 2016-04-29..2016-06-08"
RESOURCES = {
    "Patient": ("patient", 13),
    "Encounter": ("visit", 1_215),
    "Procedure": ("treatment_done", 2_056),
}
SHELL, DIRECTOR = "the shell", "a director"


def play(folder: Path, told: Told) -> None:
    """The public files load; NotMet at the first sentence that is not true."""
    here = folder / "real"
    shutil.copytree(DATA, here, copy_function=shutil.copyfile)  # what is refused stands beside a file
    _appointments(_clinic(folder, "vitoria"), here / "noshow" / "KaggleV2-May-2016.csv.zip", told)
    _fhir(_clinic(folder, "fhir"), here / "fhir", told)
    _suggestions(_clinic(folder, "korean"), here / "korean", told)


def _clinic(folder: Path, name: str) -> Clinic:
    url = f"sqlite:///{folder}/{name}.db"
    migrated(url)
    return Clinic(url, configuration(folder))


def _appointments(clinic: Clinic, file: Path, told: Told) -> None:
    words = ("import", "reservations", str(file), "--branch", "gangnam")
    said = clinic.run(*words)
    told.must(said.code == 0, f"{file.name}: {said.out[-300:]}{said.err[-300:]}")
    told.must("noshow-vitoria" in said.out, "the mapping is told by the headers")
    rate = f"{APPOINTMENTS / said.seconds:,.0f} rows/s"
    told.say(
        SHELL, f"{file.name}: {APPOINTMENTS:,} appointments of Vitória, {rate}", said.out.splitlines()[-1]
    )
    row = clinic.ask(NOSHOW)["rows"][0]
    counted = (row["numerator"], row["denominator"])
    told.must(counted == (NO_SHOWS, APPOINTMENTS), f"{NOSHOW} answers {counted}")
    told.say(DIRECTOR, NOSHOW, f"{NO_SHOWS:,} of {APPOINTMENTS:,}, as the file says")
    before = clinic.checksums()
    copy = file.with_name("again.csv.zip")
    _with_another_end(file, copy)
    said = clinic.run(*words[:2], str(copy), *words[3:])
    told.must(_changed(said.out) == [0], f"the same rows again: {said.out[-300:]}{said.err[-300:]}")
    told.must(not difference(before, clinic.checksums()), "and every row is as it was")
    told.say(SHELL, "the same rows again", said.out.splitlines()[-1])


def _with_another_end(file: Path, copy: Path) -> None:
    """The same rows with an empty line below: another file to whoever looks at its bytes."""
    import zipfile

    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as made:
        (name,) = archive.namelist()
        made.writestr(name, archive.read(name) + b"\r\n")


def _changed(out: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) new or changed", out)]


def _fhir(clinic: Clinic, folder: Path, told: Told) -> None:
    for turn in ("first", "again"):
        before = clinic.checksums()
        for name, (table, number) in RESOURCES.items():
            file = folder / f"{name}.000.ndjson.gz"
            said = clinic.run("import", "fhir", str(file), "--branch", "gangnam")
            told.must(said.code == 0, f"{file.name}: {said.out[-300:]}{said.err[-300:]}")
            stands = clinic.number(table)
            told.must(stands == number, f"{file.name}: {number:,} of {name}, {stands:,} are kept")
        if turn == "again":
            told.must(not difference(before, clinic.checksums()), "the same FHIR files again change nothing")
    counts = ", ".join(f"{number:,} {name}" for name, (_, number) in RESOURCES.items())
    told.say(SHELL, "FHIR R4, twice", f"{counts}; the second time nothing changed")
    file = folder / "hl7-appointment-example.stu3.json"
    said = clinic.run("import", "fhir", str(file), "--branch", "gangnam")
    named = "Appointment" in said.out and "another version" in said.out
    told.must(said.code == 1 and named, f"{file.name} is refused by name: {said.code} {said.out[-300:]}")
    told.must(clinic.number("reservation") == 0, "nothing of it is kept")
    told.say(SHELL, "FHIR STU3 is refused by name", said.out.splitlines()[0])


def _suggestions(clinic: Clinic, folder: Path, told: Told) -> None:
    for file in sorted(folder.glob("*.csv")):
        header = file.read_bytes().decode("cp949").splitlines()[0].split(",")
        said = clinic.run("import", "--suggest", str(file))
        named = [name for name in header if name.strip('"﻿ ') in said.out]
        told.must(
            said.code == 0 and "columns:" in said.out, f"{file.name}: {said.out[-300:]}{said.err[-300:]}"
        )
        told.must(len(named) == len(header), f"{file.name}: of {header} only {named} are named")
        told.say(SHELL, f"--suggest {file.name}: every column is named", said.out.strip().splitlines()[-1])
