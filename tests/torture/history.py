"""What callers did in a round, as the rules and the judge read it: history.jsonl.

The file's first line is {"before": …}, its last {"after": …}: what was in the database
(snapshot.summary()). Between them an operation a line, in the order in which they were known:

    {"n": 17, "caller": 3, "kind": "submission.approve", "actor": ID, "task": ID, "accounts": [ID…],
     "submission": ID, "withdrawal": ID, "payment": ID, "input": {…}, "key": TEXT, "token": TEXT,
     "start": NS, "end": NS, "outcome": "ok" | "refused" | "unknown", "status": 200, "code": TEXT,
     "answer": {…}, "during": [FAULT…],
     "attempts": [{"request_id": TEXT, "start": NS, "end": NS, "status": 503, "replayed": false}…]}

What does not apply is null. Times are monotonic nanoseconds of this process. An operation with a
key is one, however often it was sent: from the first attempt's start to the end of the attempt
whose answer is told. An attempt with "repeat": true was sent after that to hear the same again. An
operation that nobody knows the outcome of has no end. during names the faults that lasted when an
attempt began or ended. rules.resolve() adds to operations of unknown outcome whether they were
"effective", and which of many ("effective_ids").
"""

import dataclasses
import json
import time

# How an answer counts. A refusal says that nothing was done; "unknown" may have been either.
OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


def now():
    return time.monotonic_ns()


@dataclasses.dataclass(slots=True)
class Attempt:
    request_id: str
    start: int
    end: int | None = None
    status: int | None = None
    replayed: bool = False
    repeat: bool = False


@dataclasses.dataclass(slots=True)
class Operation:
    """A call, and what came of it."""

    n: int
    caller: int
    call: object  # calls.Call
    key: str | None = None
    start: int = 0
    end: int | None = None
    outcome: str = UNKNOWN
    status: int | None = None
    answer: dict | None = None
    attempts: list = dataclasses.field(default_factory=list)
    during: set = dataclasses.field(default_factory=set)  # names of faults

    def line(self):
        """As the history has it."""
        call = self.call
        return {
            "n": self.n,
            "caller": self.caller,
            "kind": call.kind,
            "actor": call.actor,
            "task": call.task,
            "accounts": list(call.accounts),
            "submission": call.submission,
            "withdrawal": call.withdrawal,
            "payment": call.payment,
            "input": call.input,
            "key": self.key,
            "token": call.token,
            "start": self.start,
            "end": self.end,
            "outcome": self.outcome,
            "status": self.status,
            "code": (self.answer or {}).get("code") if self.outcome == REFUSED else None,
            "answer": self.answer,
            "during": sorted(self.during),
            "attempts": [dataclasses.asdict(attempt) for attempt in self.attempts],
        }


@dataclasses.dataclass(frozen=True)
class Violation:
    """Something that must not be. what: lost, doubled, difference or illegal."""

    what: str
    text: str
    operations: tuple = ()  # their numbers
    by: str = "answers"  # what told of it; else the rules, the books, the journal or the judge

    def __str__(self):
        about = ", ".join(map(str, self.operations[:20]))
        about = f" (operations {about})" if about else ""
        return f"{self.what} by the {self.by}: {self.text}{about}"


def write(path, before, lines, after):
    """before, after: what the judge is to know of the database."""
    with open(path, "w", encoding="utf-8") as file:
        for line in ({"before": before}, *lines, {"after": after}):
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def read(path):
    """before, the operations' lines, after."""
    with open(path, encoding="utf-8") as file:
        first, *lines, last = map(json.loads, file)
    return first["before"], lines, last["after"]
