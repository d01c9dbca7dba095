"""The journal as a list of appends to each account, held to strict serializability by adya.

Every movement of coins is a row of the journal, from one account to another, so a transaction of the
service appends its row to two lists (and the row that pays a debt, where
one is paid, to two more). A Reader reads the lists of several accounts meanwhile. adya, an Elle
in Rust, then looks for an order of all of them in which each read shows what was appended before
it:

- The rows of one event, of what happened once (`approve:X`, and `repay:approve:X`), are one
  transaction, whatever the database says: if they were committed apart, another event may stand
  between them (G0).
- A list's order is that of the commits in the oplog of the primary at the end of the round: an
  entry is written there when its transaction commits, snapshots are cuts through it, and what was
  rolled back is not in it. What a read shows comes from the read alone; it is put in that order,
  and a row of which the oplog knows nothing stands at its end, where no other read agrees with
  it.
- A call that was answered 2xx is a transaction that certainly happened between its start and its
  answer, a refused one certainly did not (a row of it that is seen is an aborted read), of any
  other nobody knows. Its rows are those with a request id of its. A row that it must have
  written, and that is nowhere, is appended all the same: then the last read misses it. What the
  service does by itself may happen at any moment of the round.
- A read is a transaction of the driver's with read concern snapshot that commits with the
  majority: so it is of one moment, no later primary may contradict it, and one that was deposed
  cannot end it. GET /admin/ledger is no such read: a page of it is promised to be neither of one
  moment nor confirmed, and the audit, which is of one moment, shows sums. With each read come the
  coins of its accounts: they are what its rows sum up to.
"""

import dataclasses
import json
import random
import subprocess
import threading
import time

import pymongo.errors
from bson import ObjectId
from history import Violation
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from snapshot import newest_place

PAUSE = 0.25  # s between two reads
TOGETHER = 4  # of the newest rows, whose accounts are read
FOUND_BY = {"user:": "user", "escrow:": "task", "held:": "user"}
LONGEST = 120  # s that adya may take for a round


@dataclasses.dataclass
class Transaction:
    """outcome: ok, fail (certainly nothing happened) or info (nobody knows)."""

    start: int
    end: int
    outcome: str
    value: list  # ["append", account, row] or ["r", account, [row…]]


@dataclasses.dataclass
class Read:
    start: int
    end: int
    lists: dict  # account → ids of its rows, in no order
    coins: dict = dataclasses.field(default_factory=dict)  # account → (it has, its rows say)


# --- reading, while the round runs ---


class Reader:
    """A thread that reads some accounts' rows again and again, from start() until stop(). The
    round's last look at everything comes after that, as adya is told.
    """

    def __init__(self, mongo, database, seed):
        self.mongo, self.db = mongo, mongo[database]
        self.random = random.Random(f"{seed} reader")
        self.found, self.ended = [], threading.Event()
        self.thread = threading.Thread(target=self.run, name="journal", daemon=True)

    def start(self):
        self.place = newest_place(self.mongo)
        self.old = {row["_id"] for row in self.db.ledger.find({}, {"_id": 1})}
        self.thread.start()
        return self

    def stop(self):
        self.ended.set()
        self.thread.join()

    def run(self):
        while not self.ended.wait(PAUSE):
            try:
                self.found.append(self.read())
            except pymongo.errors.PyMongoError:
                continue  # nobody saw anything

    def read(self):
        start = time.monotonic_ns()
        with self.mongo.start_session() as session:
            with session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority")):
                newest = self.db.ledger.find(session=session).sort("at", -1).limit(50)
                some = self.random.sample(rows := list(newest), min(TOGETHER, len(rows)))
                lists = {
                    account: self.rows(account, field, row[field], session)
                    for row in some
                    for account in (row["from"], row["to"])
                    for kind, field in FOUND_BY.items()
                    if account.startswith(kind)
                }
                people = {one: user_of(one) for one in lists if one.startswith("user:")}
                coins = {one: self.coins(_id, session) for one, _id in people.items()}
        end = time.monotonic_ns()
        sums = {
            one: (there, balance(one, lists[one]))
            for one, there in coins.items()
            if there is not None
        }
        ids = {one: [row["_id"] for row in rows] for one, rows in lists.items()}
        return Read(start, end, ids, sums)

    def rows(self, account, field, value, session):
        """The field has an index, and each row of such an account has it."""
        fields = {"from": 1, "to": 1, "coins": 1}
        either = {field: value, "$or": [{"from": account}, {"to": account}]}
        return list(self.db.ledger.find(either, fields, batch_size=100_000, session=session))

    def coins(self, user, session):
        found = self.db.users.find_one({"_id": user}, {"coins": 1}, session=session)
        return found and int(found["coins"])


def user_of(account):
    return ObjectId(account.partition(":")[2])


def balance(account, rows):
    came = sum(row["coins"] for row in rows if row["to"] == account)
    return int(came - sum(row["coins"] for row in rows if row["from"] == account))


# --- the order of the commits ---


def commits(mongo, database, since, after):
    """The journal's rows since a place in the oplog, until the snapshot `after`: lists of those
    committed together. The service may go on, and complete a payment when the round is over.
    """
    ledger, found = f"{database}.ledger", []
    whose = {"ts": {"$gt": since}, "$or": [{"ns": ledger}, {"o.applyOps.ns": ledger}]}
    for entry in mongo.local["oplog.rs"].find(whose).sort("$natural", 1):
        parts = entry["o"].get("applyOps", ()) if entry["op"] == "c" else (entry,)
        rows = [part["o"] for part in parts if part["op"] == "i" and part["ns"] == ledger]
        if rows and (entry["ts"] <= after.place or any(row["_id"] in after.ledger for row in rows)):
            found.append(rows)
    return found


# --- what the round was ---


def taken_along(event, together):
    """What went back before a payment was completed is taken in that event."""
    what, _, rest = event.partition(":")
    purchase = f"purchase:{rest.partition(':')[0]}"
    return purchase if what == "reverse" and purchase in together else event


def check_journal(adya, reader, written, lines, summary, path):
    """Violations of a round. written: commits() of it; summary: as the history ends, with the new
    rows; path: for adya's history, which is removed when it is clean.
    """
    assert not reader.thread.is_alive(), "its reads may show more than the summary"
    old = reader.old - {row["_id"] for rows in written for row in rows}
    return check(adya, reader.found, written, lines, summary, path, old)


def check(adya, reads, written, lines, after, path, old=frozenset()):
    """old: ids of the rows that were there before the round; a list is what the round added."""
    found = [*committed_apart(written), *unequal(reads)]
    return found + judged(adya, transactions(reads, written, lines, after, old), path)


def event_of(row):
    """What a row's transaction is known by: a debt is paid in that of what came."""
    return row["_id"].removeprefix("repay:")


def committed_apart(written):
    seen = {}
    for place, rows in enumerate(written):
        for row in rows:
            first = seen.setdefault(event_of(row), place)
            if first != place:
                text = f"{row['_id']} was committed apart from its event"
                yield Violation("difference", text, by="journal")


def unequal(reads):
    for read in reads:
        for account, (there, booked) in read.coins.items():
            if there != booked:
                text = f"{account} has {there} coins while its journal says {booked}"
                yield Violation("difference", text, by="journal")


def transactions(reads, written, lines, after, old):
    """All of them; the last is a read of every account."""
    order = {row["_id"]: n for n, row in enumerate(row for rows in written for row in rows)}
    events = {}
    for rows in written:
        together = {event_of(row) for row in rows}
        for row in rows:
            events.setdefault(taken_along(event_of(row), together), []).append(row)
    writers = {
        attempt["request_id"]: (line, attempt) for line in lines for attempt in line["attempts"]
    }
    moments = [line[name] for line in lines for name in ("start", "end") if line[name]]
    moments += [moment for read in reads for moment in (read.start, read.end)]
    first, last = min(moments, default=1) - 1, max(moments, default=1) + 1
    made = [event_made(rows, writers, first, last) for rows in events.values()]
    made += [missing for line in lines for missing in lost(line, events, after)]
    for read in reads:
        made.append(Transaction(read.start, read.end, "ok", ordered_reads(read.lists, order, old)))
    everything = {}
    for row in after["ledger"]:
        for account in {row["from"], row["to"]}:
            everything.setdefault(account, []).append(row["_id"])
    for transaction in made:
        for _, account, _ in transaction.value:
            everything.setdefault(account, [])
    made.append(Transaction(last + 1, last + 2, "ok", ordered_reads(everything, order, old)))
    return made


def ordered_reads(lists, order, old):
    """Reads of lists, in the order of the commits."""

    def place(one):
        return order.get(one, len(order)), one

    return [
        ["r", account, sorted((one for one in ids if one not in old), key=place)]
        for account, ids in lists.items()
    ]


def event_made(rows, writers, first, last):
    """An event's transaction, and how its call ended."""
    appends = [["append", row[side], row["_id"]] for row in rows for side in ("from", "to")]
    line, attempt = writers.get(rows[0].get("request_id"), (None, None))
    if line is None or line["kind"] == "admin.remove":  # which goes on after its answer
        return Transaction(first, last, "ok", appends)
    if line["outcome"] == "ok":
        return Transaction(attempt["start"], line["end"], "ok", appends)
    unsure = line["outcome"] == "unknown" or line["status"] in (401, 403)
    return Transaction(attempt["start"], last, "info" if unsure else "fail", appends)


def lost(line, events, after):
    """What an answered call must have written, and did not."""
    if line["outcome"] != "ok":
        return
    for key, account in must_write(line, after):
        if key not in events:
            yield Transaction(line["start"], line["end"], "ok", [["append", account, key]])


def must_write(line, after):
    """Keys of rows, and an account of each."""
    kind = line["kind"]
    if kind == "task.post":
        yield f"task:{line['task']}", f"user:{line['actor']}"
    elif kind == "withdrawal.post":
        yield f"hold:{line['withdrawal']}", f"user:{line['actor']}"
    elif kind in ("withdrawal.approve", "withdrawal.reject"):
        what = "payout" if kind.endswith("approve") else "release"
        yield f"{what}:{line['withdrawal']}", f"held:{line['withdrawal']}"
    elif kind == "auth.register":
        user = line["answer"]["user"]["_id"]
        yield f"bonus:{user}", f"user:{user}"
    approving = line["input"].get("status") == "approved" or kind == "submission.approve"
    if kind in ("submission.approve", "submission.status") and approving:
        yield from approved(line["submission"], after)
    elif kind == "submission.review" and approving:
        for result in line["answer"]["results"]:
            if result["ok"]:
                yield from approved(result["_id"], after)


def approved(submission, after):
    work = after["submissions"].get(submission)
    if work:
        yield f"approve:{submission}", f"user:{work['worker']}"


# --- adya ---


def events(made):
    """Invocations and completions in the order of time, as adya reads them."""
    both = []
    for process, one in enumerate(made):
        asked = [[what, key, None if what == "r" else value] for what, key, value in one.value]
        told = one.value if one.outcome == "ok" else asked
        both.append((one.start, 0, {"type": "invoke", "process": process, "value": asked}))
        both.append((one.end, 1, {"type": one.outcome, "process": process, "value": told}))
    both.sort(key=lambda event: event[:2])
    return [{"index": index, **event} for index, (_, _, event) in enumerate(both)]


def judged(adya, made, path):
    """What adya finds, a violation each."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events(made)))
    command = [adya, "check", "--json", "--consistency-models", "strict-serializable", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode == 0:
        path.unlink()
        return []
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = done.stdout[-500:] + done.stderr[-500:]
        return [Violation("illegal", f"adya failed: {said}", by="journal")]
    if set(report["anomalies"]) == {"empty-transaction-graph"}:
        return []  # nobody moved a coin, or nobody looked
    found = [
        Violation("difference", f"{kind}: {one['explanation'][:1500]}", by="journal")
        for kind, several in report["anomalies"].items()
        for one in several[:3]
    ]
    unsure = Violation("illegal", f"adya does not know: {done.stdout[-500:]}", by="journal")
    return found or [unsure]
