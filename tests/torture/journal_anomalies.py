"""Is adya awake? Small rounds with an anomaly planted in each, and the same without it: prove(adya)
says which it takes for the other.

The first are histories as adya reads them; the others begin where a round does, with calls, commits
and reads, and so try what journal.py makes of them, too.
"""

import pathlib
import tempfile

import journal
from journal import Read, Transaction

ESCROW, WORKER, OTHER = "escrow:t", "user:w", "user:v"


def row(key, source=ESCROW, to=WORKER, by="r1"):
    return {"_id": key, "from": source, "to": to, "coins": 10, "request_id": by}


def call(key="approve:s1", outcome="ok", start=10, end=20, by="r1"):
    """A call that approves, or tries to."""
    return {
        "n": 1,
        "kind": "submission.approve",
        "submission": key.partition(":")[2],
        "actor": "b",
        "input": {},
        "answer": {},
        "status": {"ok": 200, "refused": 400}.get(outcome),
        "outcome": outcome,
        "start": start,
        "end": end,
        "attempts": [{"request_id": by, "start": start, "end": end}],
    }


def after(*rows):
    works = {name: {"worker": "w"} for name in ("s1", "s2", "s3")}
    return {"ledger": list(rows), "submissions": works}


def done(start, end, *value):
    return Transaction(start, end, "ok", [list(one) for one in value])


# --- as adya reads them: name → (what it is called, with it, without it) ---

HISTORIES = {
    "a dirty write": (
        "G0",
        [
            done(1, 9, ("append", "x", "a1"), ("append", "y", "a2")),
            done(1, 9, ("append", "x", "b1"), ("append", "y", "b2")),
            done(10, 11, ("r", "x", ["a1", "b1"]), ("r", "y", ["b2", "a2"])),
        ],
        [
            done(1, 9, ("append", "x", "a1"), ("append", "y", "a2")),
            done(1, 9, ("append", "x", "b1"), ("append", "y", "b2")),
            done(10, 11, ("r", "x", ["a1", "b1"]), ("r", "y", ["a2", "b2"])),
        ],
    ),
    "an aborted read": (
        "G1a",
        [Transaction(1, 2, "fail", [["append", "x", "a1"]]), done(3, 4, ("r", "x", ["a1"]))],
        [Transaction(1, 2, "info", [["append", "x", "a1"]]), done(3, 4, ("r", "x", ["a1"]))],
    ),
    "information in a circle": (
        "G1c",
        [
            done(1, 9, ("append", "x", "a1"), ("r", "y", ["b1"])),
            done(1, 9, ("append", "y", "b1"), ("r", "x", ["a1"])),
        ],
        [
            done(1, 9, ("append", "x", "a1"), ("r", "y", [])),
            done(1, 9, ("append", "y", "b1"), ("r", "x", ["a1"])),
        ],
    ),
    "a read of two moments": (
        "G-single",
        [
            done(1, 9, ("append", "x", "a1"), ("append", "y", "a1")),
            done(1, 9, ("r", "x", ["a1"]), ("r", "y", [])),
        ],
        [
            done(1, 9, ("append", "x", "a1"), ("append", "y", "a1")),
            done(1, 9, ("r", "x", []), ("r", "y", [])),
        ],
    ),
    "two who each missed the other": (
        "G2",
        [
            done(1, 9, ("r", "x", []), ("append", "y", "b1")),
            done(1, 9, ("r", "y", []), ("append", "x", "a1")),
            done(10, 11, ("r", "x", ["a1"]), ("r", "y", ["b1"])),
        ],
        [
            done(1, 9, ("r", "x", ["a1"]), ("append", "y", "b1")),
            done(1, 9, ("r", "y", []), ("append", "x", "a1")),
            done(10, 11, ("r", "x", ["a1"]), ("r", "y", ["b1"])),
        ],
    ),
    "lists in two orders": (
        "incompatible-order",
        [
            done(1, 9, ("append", "x", "a1")),
            done(1, 9, ("append", "x", "b1")),
            done(1, 9, ("r", "x", ["a1", "b1"])),
            done(1, 9, ("r", "x", ["b1"])),
        ],
        [
            done(1, 9, ("append", "x", "a1")),
            done(1, 9, ("append", "x", "b1")),
            done(1, 9, ("r", "x", ["a1", "b1"])),
            done(1, 9, ("r", "x", ["a1"])),
        ],
    ),
    "a stale read": (
        "realtime",
        [
            done(1, 2, ("append", "x", "a1")),
            done(3, 4, ("r", "x", [])),
            done(5, 6, ("r", "x", ["a1"])),
        ],
        [
            done(1, 4, ("append", "x", "a1")),
            done(3, 4, ("r", "x", [])),
            done(5, 6, ("r", "x", ["a1"])),
        ],
    ),
}

# --- as a round is: name → (what must be said, with it, without it) ---
# each of these: (reads, commits, calls, after)

ONE, TWO = row("approve:s1"), row("approve:s2", by="r2")
DEBT = row("repay:approve:s1", WORKER, "reversals")
CALLS = [call(), call("approve:s2", start=10, end=30, by="r2")]
UNHEARD = call(outcome="unknown", end=None)
BOTH_SEEN = {ESCROW: ["approve:s1"], WORKER: ["approve:s1"]}

ROUNDS = {
    "an answered append that is lost": (
        "realtime",
        ([], [], [call()], after()),
        ([], [[ONE]], [call()], after(ONE)),
    ),
    "an answered append that is rolled back": (
        "incompatible-order",
        ([Read(25, 26, {WORKER: ["approve:s1"]})], [[TWO]], CALLS, after(TWO)),
        ([Read(25, 26, {WORKER: ["approve:s1"]})], [[ONE], [TWO]], CALLS, after(ONE, TWO)),
    ),
    "a row of a refused call": (
        "G1a",
        ([], [[ONE]], [call(outcome="refused")], after(ONE)),
        ([], [], [call(outcome="refused")], after()),
    ),
    "a row outside its transaction": (
        "committed apart",
        ([], [[ONE], [DEBT]], [call()], after(ONE, DEBT)),
        ([], [[ONE, DEBT]], [call()], after(ONE, DEBT)),
    ),
    "another's commit between two of one event": (
        "G0",
        ([], [[ONE], [TWO], [DEBT]], CALLS, after(ONE, DEBT, TWO)),
        ([], [[ONE, DEBT], [TWO]], CALLS, after(ONE, DEBT, TWO)),
    ),
    "a transfer of which one account is seen": (
        "G-single",
        ([Read(12, 15, {**BOTH_SEEN, ESCROW: []})], [[ONE]], [call()], after(ONE)),
        ([Read(12, 15, BOTH_SEEN)], [[ONE]], [call()], after(ONE)),
    ),
    "a read that misses what was answered": (
        "realtime",
        ([Read(25, 26, {WORKER: []})], [[ONE]], [call()], after(ONE)),
        ([Read(15, 26, {WORKER: []})], [[ONE]], [call()], after(ONE)),
    ),
    "a read that shows the second without the first": (
        "incompatible-order",
        ([Read(12, 15, {WORKER: ["approve:s2"]})], [[ONE], [TWO]], CALLS, after(ONE, TWO)),
        ([Read(12, 15, {WORKER: ["approve:s2"]})], [[TWO], [ONE]], CALLS, after(ONE, TWO)),
    ),
    "reads that go back": (
        "realtime",
        ([Read(12, 13, BOTH_SEEN), Read(14, 15, {WORKER: []})], [[ONE]], [call()], after(ONE)),
        ([Read(12, 13, {WORKER: []}), Read(14, 15, BOTH_SEEN)], [[ONE]], [call()], after(ONE)),
    ),
    "coins without a row": (
        "its journal says",
        ([Read(25, 26, BOTH_SEEN, {WORKER: (20, 10)})], [[ONE]], [call()], after(ONE)),
        ([Read(25, 26, BOTH_SEEN, {WORKER: (10, 10)})], [[ONE]], [call()], after(ONE)),
    ),
    "an unknown append seen and gone": (
        "incompatible-order",
        ([Read(25, 26, {WORKER: ["approve:s1"]})], [[TWO]], [UNHEARD, CALLS[1]], after(TWO)),
        ([Read(25, 26, {WORKER: []})], [[TWO]], [UNHEARD], after(TWO)),
    ),
}


def prove(adya):
    """What adya, or journal.py, takes for something else; nothing when they are awake."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "plant.jsonl"
        for name, (called, *twins) in HISTORIES.items():
            yield from compared(name, called, *(journal.judged(adya, one, path) for one in twins))
        for name, (called, *twins) in ROUNDS.items():
            yield from compared(name, called, *(journal.check(adya, *one, path) for one in twins))


def compared(name, called, planted, clean):
    if not any(called in one.text for one in planted):
        yield f"{name} is not found as {called}: {[one.text[:300] for one in planted]}"
    if clean:
        yield f"without {name} something is found: {[one.text[:300] for one in clean]}"
