"""The judge (tests/torture) in its quick form: what scripts/torture does for hours is done here for
two minutes, with several kinds of fault together. The figures are printed, whether or not all is
well.

The set of three members has programs that fail on purpose (src/base/buggify.h), when told to.
"""

import asyncio
import datetime
import json

import pytest
from bson import Int64

import figures
import history
import journal
import snapshot
import torture
from calls import Call
from faults import FAULTS
from history import OK, Attempt, Operation
from schedule import generator, plan
from verdicts import Judge

from promises import promise

# One seed stays, the other is a new one every day; what a failure prints says it again.
FIXED, OF_THE_DAY = 9, datetime.date.today().toordinal()
ON_ONE = "worker-kill,workers-kill-all,mongod-kill,reload,nginx-reload,events-kill,sweep-kill"
ON_THREE = (
    "worker-kill,primary-stepdown,primary-kill,fail-commit,fail-close,wire-lose-replies,buggify"
)


@pytest.fixture
def aloud(capsys):
    """What is said is seen, though the test may pass."""

    def say(text):
        with capsys.disabled():
            print(text, flush=True)

    say("")
    return say


def given(*options):
    return torture.options(["--callers", "12", *options])


@pytest.fixture(scope="module")
def one():
    """A testbed with one mongod."""
    with torture.testbed(given("--faults", ON_ONE), print) as testbed:
        yield testbed


def assert_nothing_lost(what, testbed, say):
    rounds = torture.run(what, testbed, say)
    torture.tell(what, rounds)
    assert rounds.violations == []
    assert rounds.judge.undecided == []
    assert rounds.operations > 100, "hardly a load"
    lasted = {name: row for name, row in rounds.figures.rows.items() if row.times}
    assert len(lasted) >= 3, "hardly a fault"
    assert all(row.back < 15 for row in lasted.values())


@promise(
    "1 Idempotency-Key",
    "The business transaction completes the claim, so a crash leaves either both or nothing",
)
@promise(
    "2 The books",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
    "The sums agree also after `kill -9` of a worker at any point",
    "The sums agree also after `kill -9` of MongoDB",
    "The sums agree also after `kill -9` of a sweep",
)
def test_with_processes_that_die_nothing_is_lost_doubled_or_different(one, aloud):
    what = given("--seed", str(FIXED), "--minutes", "0.4", "--round", "1200", "--together", "5")
    assert_nothing_lost(what, one, aloud)


@promise(
    "1 Errors",
    "503 with `Retry-After` when MongoDB cannot be reached",
    "503 at worst, never 500, while a set steps down, elects, stops or does not confirm",
)
@promise(
    "1 Idempotency-Key",
    "The business transaction completes the claim, so a crash leaves either both or nothing",
)
@promise(
    "2 The books",
    "Coins never appear or vanish, however many ask at once",
    "Σ coins + Σ pending_coins + Σ escrow = opening + bonuses + purchases ± adjustments − payouts − forfeits "
    "− reversals, at every moment",
    "The sums agree also after `kill -9` of MongoDB",
)
def test_with_a_set_that_fails_nothing_is_lost_doubled_or_different(
    buggify_build, aloud, monkeypatch
):
    monkeypatch.setenv("BUGGIFY_SLOWEST_MS", "3000")
    what = given(
        *("--build", str(buggify_build)),
        *("--faults", ON_THREE, "--seed", str(OF_THE_DAY)),
        *("--minutes", "0.4", "--round", "1000", "--together", "7"),  # all of them
    )
    with torture.testbed(what, lambda _: None) as testbed:
        assert_nothing_lost(what, testbed, aloud)


# --- the judge is awake ---


def a_coin_too_many(db):
    db.users.update_one({"role": "worker"}, {"$inc": {"coins": Int64(1)}})


def work_forgotten(db):
    db.submissions.delete_one({"status": "approved"})


def paid_twice(db):
    row = db.ledger.find_one({"kind": "reward"})
    db.ledger.insert_one({**row, "_id": f"{row['_id']}:2"})


@pytest.mark.parametrize("tamper", [a_coin_too_many, work_forgotten, paid_twice])
def test_what_is_changed_behind_the_services_back_is_noticed(one, tamper, tmp_path):
    what = given("--seed", "3", "--ops", "1", "--round", "250", "--faults", "none")
    what.keep = tmp_path / "kept"
    said = []
    quiet = one._replace(faults=[])
    rounds = torture.run(what, quiet, said.append, lambda system, _: tamper(system.stack.db))
    assert rounds.violations
    assert "scripts/torture --seed 3" in said[-1]
    assert (what.keep / "histories" / "round-0.jsonl").exists()
    assert (what.keep / "violations").read_text().strip()
    line = torture.last_line(what, rounds)
    assert not line.endswith("lost 0, doubled 0, difference 0"), line


def test_what_the_judge_cannot_decide_is_named(tmp_path):
    told = {"verdict": "unknown", "text": "task t (task): no order was found in time"}
    program = tmp_path / "judge"
    program.write_text(
        f"#!/bin/sh\necho '{json.dumps(told)}'\necho '{{\"partitions\": 5, \"again\": 1}}'\nexit 2\n"
    )
    program.chmod(0o755)

    async def judged():
        judge = Judge(tmp_path)
        await judge.start(tmp_path / "round-3.jsonl")
        return judge, await judge.verdicts()

    judge, violations = asyncio.run(judged())
    assert violations == []
    assert judge.undecided == ["round-3: task t (task): no order was found in time"]


def test_what_is_committed_after_the_last_look_is_no_part_of_a_round(one):
    db = one.system.stack.db
    row = {"from": "grants", "to": "forfeits", "coins": Int64(1), "kind": "adjust"}
    row["at"] = datetime.datetime.now(datetime.timezone.utc)
    since = snapshot.newest_place(db.client)
    try:
        db.ledger.insert_one({**row, "_id": "before"})
        after = snapshot.read(db.client, db.name)
        db.ledger.insert_one({**row, "_id": "behind"})
        written = journal.commits(db.client, db.name, since, after)
    finally:
        db.ledger.delete_many({"_id": {"$in": ["before", "behind"]}})
    assert [[row["_id"] for row in rows] for rows in written] == [["before"]]


# --- its parts ---


def test_a_seed_decides_which_fault_begins_where():
    rows = [FAULTS[name] for name in ON_ONE.split(",")]
    first, again = (plan(5, 3, rows, 1000, 4) for _ in range(2))
    assert first == again
    assert first != plan(6, 3, rows, 1000, 4)
    assert [planned.n for planned in first] == sorted(planned.n for planned in first)
    assert all(100 <= planned.n < 900 for planned in first)


def test_every_fault_has_its_turn_before_one_has_the_second():
    rows = [FAULTS[name] for name in ON_ONE.split(",")]
    turns = [planned.fault.name for number in range(7) for planned in plan(1, number, rows, 900, 5)]
    assert len(turns) == 35
    assert {turns.count(row.name) for row in rows} == {5}


def test_an_operations_choices_depend_on_its_number_alone():
    assert generator(1, 2, 3).random() == generator(1, 2, 3).random()
    assert generator(1, 2, 3).random() != generator(1, 2, 4).random()


def test_a_history_comes_back_as_it_was_written(tmp_path):
    call = Call("task.post", "POST", "/tasks", {"a": "ä"}, "a token", "someone", input={"a": "ä"})
    operation = Operation(7, 1, call, "k7", 10, 30, OK, 201, {"task": {"_id": "t"}})
    operation.attempts = [Attempt("r-0", 10), Attempt("r-1", 20, 30, 201, replayed=True)]
    file = tmp_path / "history.jsonl"
    history.write(file, {"users": {}}, [operation.line()], {"users": {"u": {"coins": 3}}})
    before, lines, after = history.read(file)
    assert (before, after) == ({"users": {}}, {"users": {"u": {"coins": 3}}})
    assert lines == [operation.line()]
    assert lines[0]["attempts"][1]["replayed"] is True


# --- figures ---


class Heard:
    """An answer, as far as figures go."""

    def __init__(self, status, seconds):
        self.status, self.seconds, self.ok = status, seconds, status == 200


def test_figures_tell_of_each_fault_what_it_cost(monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(figures.time, "monotonic", lambda: moment[0])
    told = figures.Figures()
    told.calls_begin()

    def hear(at, status, seconds):
        moment[0] = at
        told.heard(Heard(status, seconds))

    hear(100.5, 200, 0.1)
    told.begin("mongod-kill")
    hear(101, 503, 0.2)
    moment[0] = 103
    told.end("mongod-kill")
    hear(104, 200, 3.5)  # asked before the end, so nothing is shown by it
    assert told.recovering_for() == 1
    hear(105, 200, 0.5)
    assert told.recovering_for() == 0
    hear(109, 200, 0.1)  # long after
    row = told.summary()["mongod-kill"]
    assert (row["times"], row["answers"]) == (1, 3)
    assert (row["longest_outage_s"], row["back_after_s"]) == (3.5, 2)
    assert row["statuses"] == {"200": 2, "503": 1}
    assert told.summary()["(none)"]["answers"] == 2
    assert 490 < row["p50_ms"] < 520 and 3400 < row["p99_ms"] < 3600
    assert "mongod-kill" in told.table() and "200:2 503:1" in told.table()
