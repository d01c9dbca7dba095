"""The defects that scripts/defects plants: patches that apply still, and a whole table of them."""

import signal
import subprocess
import sys

import pytest

import defects
import torture
from conftest import ROOT

TABLE = defects.read_table()


def changed(patch):
    """How many lines a patch adds or takes away."""
    lines = patch.read_text().splitlines()
    heads = ("+++", "---")
    return sum(line.startswith(("+", "-")) and not line.startswith(heads) for line in lines)


def test_there_are_twenty_and_each_has_its_patch():
    assert len(TABLE) >= 20
    assert {path.stem for path in defects.PATCHES.glob("*.patch")} == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_defect_can_be_planted(name):
    command = ["git", "apply", "--check", str(TABLE[name].patch)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", TABLE)
def test_a_defect_is_small_and_told_of(name):
    defect = TABLE[name]
    assert changed(defect.patch) <= 16
    assert defect.breaks.endswith(".")
    assert defect.kinds


def documented():
    """The table in docs/reliability.md: name → promise, found by, seconds, operations."""
    lines = (ROOT / "docs" / "reliability.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {cells[0].strip("`"): cells[1:] for cells in rows if len(cells) == 5}


@pytest.mark.parametrize("name", TABLE)
def test_the_documentation_says_what_told_of_a_defect(name):
    promise, by, seconds, operations = documented()[name]
    assert promise == TABLE[name].breaks
    assert by != "not found" and int(seconds) > 0 and int(operations) > 0


def test_torture_is_told_the_faults_and_what_comes_often():
    rows = {"breaks": "A promise.", "kinds": ["task.post", "task.slots"]}
    rare = defects.Defect("rare", faults=["lag", "fail-slow"], often=True, **rows)
    plain = defects.Defect("plain", faults=["lag"], **rows)
    assert defects.asked([plain]) == ("--faults", "lag")
    assert defects.asked([defects.Defect("quiet", faults=[], **rows)]) == ("--faults", "none")
    told = defects.asked([rare, plain])
    assert told == ("--faults", "fail-slow,lag", "--often", "task.post,task.slots")
    assert torture.options(told).often == ["task.post", "task.slots"]


def test_a_kind_of_call_that_is_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        torture.options(["--often", "task.post,task.bake"])
    assert "no such kind of call: task.bake" in capsys.readouterr().err


SAID = [
    (3, "round 0: 507 operations in 3.1 s (163/s); no fault; 2 violations\n"),
    (3.6, "  doubled by the rules: posted twice (operations 7)\n"),
    (4, "  difference by the books: the audit says so\n"),
    (4, "  illegal by the rules: something else\n"),
    (5, "seed 1: 507 operations, 0 faults of 0 kinds, lost 0, doubled 1, difference 1\n"),
]


def test_the_first_violation_is_told_with_all_who_found_something():
    text = "doubled by the rules: posted twice (operations 7)"
    assert defects.first_violation(SAID) == ("rules, books", 4, 507, text)
    assert defects.first_violation([SAID[0], SAID[-1]]) is None


def test_the_table_has_a_row_for_each_defect_whether_found_or_not():
    one, other = list(TABLE.values())[:2]
    found = defects.first_violation(SAID)
    *_, first, second = defects.as_table([(one, found), (other, None)]).splitlines()
    assert first == f"| `{one.name}` | {one.breaks} | rules, books | 4 | 507 |"
    assert second == f"| `{other.name}` | {other.breaks} | not found |  |  |"


def test_the_command_ends_with_the_table_and_says_how_many_were_found(monkeypatch, capsys):
    """Planting itself takes minutes, so it is left out here."""
    monkeypatch.setattr(sys, "argv", ["defects", "--skip-unplanted", "lease-ignored"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(defects, "Copy", lambda folder: None)
    monkeypatch.setattr(defects, "try_defect", lambda *_: defects.first_violation(SAID))
    assert not defects.main()
    *_, row, last = capsys.readouterr().out.splitlines()
    assert row.startswith("| `lease-ignored` |") and row.endswith("| rules, books | 4 | 507 |")
    assert last == "1 of 1 found"
