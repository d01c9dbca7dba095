"""The database at one moment: all collections read in one snapshot, as plain values.

Ids are texts, moments are milliseconds. `summary` is what a history begins and ends with; `undone`
names what the service still has to do by itself.
"""

import dataclasses
import datetime
import time

import bson
from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

COLLECTIONS = (
    "users",
    "tasks",
    "submissions",
    "withdrawals",
    "payments",
    "notifications",
    "ledger",
    "idempotency",
    "meta",
)
PATIENCE = 60  # seconds
# Long, and decided by nothing here.
LEFT_OUT = ("words", "searched", "task_detail", "submission_info", "body_hash")


@dataclasses.dataclass
class Snapshot:
    """Each collection as a dictionary: id → record."""

    users: dict
    tasks: dict
    submissions: dict
    withdrawals: dict
    payments: dict
    notifications: dict
    ledger: dict
    idempotency: dict
    meta: dict
    at: int = 0  # wall clock, milliseconds
    place: object = None  # in the oplog: what was committed until there is seen; later, perhaps


def plain(value):
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, datetime.datetime):
        return round((value - datetime.datetime(1970, 1, 1)).total_seconds() * 1000)
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def read(mongo, database):
    """All of it at one moment, and of what the majority has: the commit at the end waits for that.
    An election on the way begins it anew.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return read_once(mongo[database])
        except PyMongoError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def read_once(database):
    """The records are decoded afterwards: the server ends a transaction after some seconds, and
    they may be many.
    """
    options = {"projection": {name: 0 for name in LEFT_OUT}, "batch_size": 100_000}
    raw = database.with_options(CodecOptions(document_class=RawBSONDocument))
    at, place = int(time.time() * 1000), newest_place(database.client)
    with database.client.start_session() as session:
        with session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority")):
            read = {
                name: list(raw[name].find({}, session=session, **options))
                for name in COLLECTIONS
            }
    found = {
        name: {key_of(record): plain(record) for record in map(decoded, records)}
        for name, records in read.items()
    }
    return Snapshot(**found, at=at, place=place)


def decoded(record):
    return bson.decode(record.raw)


def newest_place(mongo):
    return mongo.local["oplog.rs"].find({}, {"ts": 1}).sort("$natural", -1).limit(1)[0]["ts"]


def key_of(record):
    """The hash of an idempotency key stays bytes; what the service makes of its own is text."""
    return record["_id"] if isinstance(record["_id"], bytes) else str(record["_id"])


def undone(snapshot):
    """What the service has yet to do by itself, as sentences; empty when it is at rest."""
    busy = {work["task_id"] for work in snapshot.submissions.values() if is_pending(work)}
    found = [f"user {u} is being removed" for u, user in snapshot.users.items() if closing(user)]
    for name, task in snapshot.tasks.items():
        if task["status"] != "active":
            continue
        if task["required_workers"] <= 0 and name not in busy:
            found.append(f"task {name} has nothing left to do and is not completed")
        if task["required_workers"] > 0 and task["expires_at"] <= snapshot.at:
            found.append(f"the deadline of task {name} has passed and its slots are not refunded")
    # One that met its payment's completion in the same moment: the sweep brings them together.
    for payment in snapshot.payments.values():
        note = f"reversal:{payment.get('transaction_id')}"
        if payment["status"] == "completed" and note in snapshot.meta:
            found.append(f"what went back of {payment['transaction_id']} is noted and not taken")
    return found


def is_pending(record):
    return record["status"] == "pending"


def closing(user):
    return bool(user.get("closing"))


def summary(snapshot):
    """The state of accounts and records, as the first and last line of a history tell it."""
    tasks = {
        name: {
            "status": task["status"],
            "required_workers": task["required_workers"],
            "payable_amount": task["payable_amount"],
            "buyer": task.get("buyer_id"),
            "expires_at": task.get("expires_at"),
            "title": task["task_title"],
            "pending": [],
            "submitted": {},
        }
        for name, task in snapshot.tasks.items()
    }
    for name, work in snapshot.submissions.items():
        task = tasks.get(work["task_id"])
        if task:
            task["submitted"][work["worker_id"]] = name
            if is_pending(work):
                task["pending"].append(name)
    return {
        "at": snapshot.at,
        "users": {name: account(user) for name, user in snapshot.users.items()},
        "tasks": tasks,
        "submissions": {
            name: {
                "status": work["status"],
                "task": work["task_id"],
                "worker": work["worker_id"],
                "buyer": work.get("buyer_id"),
                "payable_amount": work["payable_amount"],
            }
            for name, work in snapshot.submissions.items()
        },
        "withdrawals": {
            name: {
                "status": asked["status"],
                "worker": asked["worker_id"],
                "coins": asked["withdrawal_coin"],
            }
            for name, asked in snapshot.withdrawals.items()
        },
        "payments": {
            name: {
                "status": payment["status"],
                "buyer": payment["buyer_id"],
                "coins": payment["coin_amount"],
                "reversed_coins": payment.get("reversed_coins", 0),
            }
            for name, payment in snapshot.payments.items()
        },
    }


def account(user):
    numbers = (
        "coins",
        "pending_coins",
        "owed_coins",
        "open_tasks",
        "pending_submissions",
        "pending_withdrawals",
        "tokens_valid_after",
    )
    return {
        "role": user["role"],
        "name": user["name"],
        "email": user["email"],
        "closing": closing(user),
        **{name: user.get(name, 0) for name in numbers},
    }
