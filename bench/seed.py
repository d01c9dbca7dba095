"""Fills a database with people and their work, made by MongoDB itself, which takes a minute for a million tasks.

The records are as this service writes them, so it adopts nothing, and its audit holds: every coin has its row in the
journal. The peers read the same records. Ids are made of a number, so that load.lua can name any record:

    65b… a user: the workers first, then the buyers, then the admin     65a… a task     65c… a submission
    65f… a task that was put in for one measurement (batch())           65e… a submission on it
"""

import base64
import datetime
import hashlib
import hmac
import json
import time

from bson import Int64, ObjectId

PASSWORD = "bench-pass-1"
# Of the usual cost: a log-in is to cost what it does.
PASSWORD_HASH = "$2b$10$LPHGGwpd/2d4yRnQxJqYaud4MBrQouDVtY6g/5ZPKgUYg3cVuyrki"
PER_TASK = 10  # submissions: the last is pending, the one before rejected, all others approved
NOTES = 12  # notifications of a worker
BATCH = 100_000  # the ids of a batch
PRICE = 3  # of a task of a batch
WORDS = (
    "watch the video and leave an honest comment then upload a screenshot of the page with your name visible answer"
    " every question of the survey and describe what you saw"
).split()


def oid(kind, number):
    return ObjectId(f"65{kind}{number:021d}")


class People:
    """Who there is: nine in ten are workers. Their numbers go on from one role to the next."""

    def __init__(self, count):
        self.buyers = max(1, count // 10)
        self.workers = count - self.buyers
        self.admin = count

    def role(self, number):
        return "worker" if number < self.workers else "buyer" if number < self.admin else "admin"


def token(secret, number, role):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"userId": str(oid("b", number)), "email": f"{role}{number}@example.com", "role": role}
    claims |= {"iat": now, "exp": now + 30 * 86400}
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(secret.encode(), signed, hashlib.sha256))).decode()


def write_tokens(people, secret, folder):
    """A file for each role, a line for each person."""
    for role, numbers in (("worker", range(people.workers)), ("buyer", range(people.workers, people.admin))):
        (folder / f"tokens.{role}").write_text("".join(token(secret, one, role) + "\n" for one in numbers))


# --- expressions of MongoDB ---


def plus(*terms):
    return {"$add": list(terms)}


def mod(number, by):
    return {"$mod": [number, by]}


def over(number, by):
    return {"$toInt": {"$floor": {"$divide": [number, by]}}}


def text(*parts):
    """Joined: words as they are, fields and expressions as text."""
    plain = lambda part: isinstance(part, str) and not part.startswith("$")
    return {"$concat": [part if plain(part) else {"$toString": part} for part in parts]}


def id_text(kind, number):
    """As oid() names it: of the sum, the leading 1 is left out."""
    return text(f"65{kind}000000", {"$substrBytes": [{"$toString": plus(Int64(10**15), number)}, 1, 15]})


def id_of(kind, number):
    return {"$toObjectId": id_text(kind, number)}


def ago(now, seconds):
    return {"$subtract": [now, {"$multiply": [seconds, Int64(1000)]}]}


def fill(db, name, count, document, first=0, where=None):
    """Documents of the numbers $i from first on, those for which `where` is true."""
    step = 1000
    numbers = [
        {"$documents": [{"at": at} for at in range(first, first + count, step)]},
        {"$project": {"i": {"$range": ["$at", {"$min": [plus("$at", step), first + count]}]}}},
        {"$unwind": "$i"},
        *([{"$match": {"$expr": where}}] if where else []),
    ]
    db.aggregate([*numbers, {"$replaceWith": document}, {"$merge": {"into": name, "whenMatched": "fail"}}])


# --- records ---


def made(at, mark=2):
    return {"createdAt": at, "updatedAt": at, "adopted": mark, "__v": 0}


def fill_users(db, people, now):
    for role, first, count, coins in (
        ("worker", 0, people.workers, 10),
        ("buyer", people.workers, people.buyers, 10**9),
        ("admin", people.admin, 1, 1),
    ):
        user = {
            "_id": id_of("b", "$i"),
            "name": text("Person Number ", "$i"),
            "email": text(role, "$i", "@example.com"),
            "email_key": text(role, "$i", "@example.com"),
            "password": {"$literal": PASSWORD_HASH},
            "photoURL": "https://img.example.com/u/1.png",
            "role": role,
            "coins": Int64(coins),
            "pending_coins": Int64(0),
            "authProvider": "email",
            "lastLogin": now,
            "open_tasks": 0,
            "pending_submissions": 0,
            "pending_withdrawals": 0,
            **made(ago(now, "$i"), 1),
        }
        fill(db, "users", count, user, first)
        fill(db, "ledger", count, opening("user", id_text("b", "$i"), coins, now, user=id_of("b", "$i")), first)


def opening(what, id_as_text, coins, now, **concerns):
    return {
        "_id": text(f"opening:{what}:", id_as_text),
        "from": "opening",
        "to": text("user:" if what == "user" else "escrow:", id_as_text),
        "coins": {"$toLong": coins},
        "kind": "opening",
        **concerns,
        "actor": "system",
        "request_id": "bench",
        "at": now,
    }


def person(field, number, role):
    return {
        f"{field}_id": id_of("b", number),
        f"{field}_email": text(role, number, "@example.com"),
        f"{field}_name": text("Person Number ", number),
    }


def task(id_, price, slots, buyer, now, at, category="survey"):
    title = " ".join(WORDS[:6])
    detail = " ".join(WORDS * 2)
    closes = plus(now, Int64(90 * 86400 * 1000))
    return {
        "_id": id_,
        "task_title": title,
        "task_detail": detail,
        "required_workers": {"$toLong": slots},
        "payable_amount": {"$toLong": price},
        "completion_date": closes,
        "expires_at": closes,
        "submission_info": "A screenshot of the page with your name",
        "task_image_url": "https://img.example.com/t/1.jpg",
        "category": category,
        **person("buyer", buyer, "buyer"),
        "status": {"$cond": [{"$gt": [slots, 0]}, "active", "completed"]},
        "rev": Int64(1),
        "words": sorted(set(WORDS)),
        "search_version": 2,
        **made(at),
    }


def submission(id_, task_id, price, worker, buyer, status, at):
    """task_id and worker: as text and as a number; everything else as MongoDB is to write it."""
    return {
        "_id": id_,
        "task_id": {"$toObjectId": task_id},
        "task_title": " ".join(WORDS[:6]),
        "payable_amount": {"$toLong": price},
        **person("worker", worker, "worker"),
        **person("buyer", buyer, "buyer"),
        "submission_details": "Done as asked, see the picture at https://img.example.com/s/1.png",
        "status": status,
        "submitted_date": at,
        "slot_key": text(id_text("b", worker), ":", task_id),
        **made(at),
    }


def fill_work(db, people, tasks, now):
    """The tasks, four in five of them open, with their submissions and the rows of the journal."""
    of = over("$i", PER_TASK)  # the task of submission $i
    nth = mod("$i", PER_TASK)
    worker, buyer = mod("$i", people.workers), plus(people.workers, mod("$i", people.buyers))
    buyer_of = plus(people.workers, mod(of, people.buyers))
    price, price_of = plus(1, mod("$i", 40)), plus(1, mod(of, 40))
    slots = {"$cond": [{"$eq": [mod("$i", 5), 4]}, 0, plus(100, mod("$i", 900))]}
    is_open = {"$ne": [mod(of, 5), 4]}
    last = PER_TASK - 1
    rejected = {"$eq": [nth, last - 1]}
    pending = {"$and": [{"$eq": [nth, last]}, is_open]}
    status = {"$cond": [rejected, "rejected", {"$cond": [pending, "pending", "approved"]}]}

    fill(
        db,
        "tasks",
        tasks,
        task(
            id_of("a", "$i"), price, slots, buyer, now, ago(now, {"$subtract": [7 * tasks, {"$multiply": [7, "$i"]}]})
        ),
    )
    escrow = {"$multiply": [price, plus(slots, PER_TASK - 1)]}
    fill(db, "ledger", tasks, opening("task", id_text("a", "$i"), escrow, now, task=id_of("a", "$i")))
    at = ago(now, {"$subtract": [tasks * PER_TASK, "$i"]})
    fill(
        db,
        "submissions",
        tasks * PER_TASK,
        submission(id_of("c", "$i"), id_text("a", of), price_of, worker, buyer_of, status, at),
    )
    reward = {
        "_id": text("approve:", id_text("c", "$i")),
        "from": text("escrow:", id_text("a", of)),
        "to": text("user:", id_text("b", worker)),
        "coins": {"$toLong": price_of},
        "kind": "reward",
        "user": id_of("b", worker),
        "task": id_of("a", of),
        "buyer": id_of("b", buyer_of),
        "actor": id_text("b", buyer_of),
        "request_id": "bench",
        "at": at,
    }
    fill(db, "ledger", tasks * PER_TASK, reward, where={"$not": [{"$or": [rejected, pending]}]})


def fill_notifications(db, people, now):
    worker = mod("$i", people.workers)
    note = {
        "_id": id_of("d", "$i"),
        "user_id": id_of("b", worker),
        "toEmail": text("worker", worker, "@example.com"),
        "message": 'Your submission for "watch the video" has been approved. You earned 3 coins.',
        "actionRoute": "/dashboard/worker/submissions",
        "type": "approval",
        "isRead": {"$eq": [mod("$i", 3), 0]},
        "archived": False,
        **made(ago(now, {"$multiply": [2, "$i"]})),
    }
    fill(db, "notifications", people.workers * NOTES, note)


def add_up(db, of, match, by, sums):
    """Adds sums over records to those whose they are."""
    total = {name: {"$sum": what} for name, what in sums.items()}
    into = {name: plus(f"${name}", f"$$new.{name}") for name in sums}
    db[of].aggregate(
        [
            {"$match": match},
            {"$group": {"_id": f"${by}", **total}},
            {"$merge": {"into": "users", "whenMatched": [{"$set": into}], "whenNotMatched": "fail"}},
        ],
        allowDiskUse=True,
    )


def seed(db, people, tasks):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    db.client.drop_database(db.name)
    fill_users(db, people, now)
    fill_work(db, people, tasks, now)
    fill_notifications(db, people, now)
    add_up(db, "ledger", {"kind": "reward"}, "user", {"coins": "$coins"})
    add_up(db, "submissions", {"status": "pending"}, "worker_id", {"pending_submissions": 1})
    add_up(db, "tasks", {"status": "active"}, "buyer_id", {"open_tasks": 1})


def batch(db, people, number, tasks, pending, slots=10):
    """Puts in open tasks with so many pending submissions in all, for one measurement: load.lua knows their ids.

    They are by the first workers, one by each, and belong to as many buyers as there are.
    """
    assert tasks <= BATCH and pending <= people.workers
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    first, i = number * BATCH, {"$subtract": ["$i", number * BATCH]}
    of = mod(i, tasks)
    waiting = over(plus(pending, tasks - 1, {"$multiply": [-1, i]}), tasks)  # submissions of task i
    buyer = plus(people.workers, mod(i, people.buyers))
    fill(db, "tasks", tasks, task(id_of("f", "$i"), PRICE, slots, buyer, now, now), first)
    escrow = {"$multiply": [PRICE, plus(slots, waiting)]}
    fill(db, "ledger", tasks, opening("task", id_text("f", "$i"), escrow, now, task=id_of("f", "$i")), first)
    if pending:
        task_id = id_text("f", plus(first, of))
        theirs = plus(people.workers, mod(of, people.buyers))
        fill(db, "submissions", pending, submission(id_of("e", "$i"), task_id, PRICE, i, theirs, "pending", now), first)
        db.users.update_many(
            {"_id": {"$gte": oid("b", 0), "$lt": oid("b", pending)}}, {"$inc": {"pending_submissions": 1}}
        )
    add_up(
        db, "tasks", {"_id": {"$gte": oid("f", first), "$lt": oid("f", first + tasks)}}, "buyer_id", {"open_tasks": 1}
    )
