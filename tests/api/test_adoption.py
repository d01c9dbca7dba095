"""Contract, section 10: an older server's data becomes ours, record by record, and the books
balance from then on.
"""

import contextlib
import datetime
import json
import math
import os
import pathlib
import random
import re
import subprocess
import threading
import time

import bcrypt
import pytest
from bson import Decimal128, Int64, ObjectId

from client import PASSWORD, Api, assert_error, eventually, now, ok, unique, user_token
from conftest import OF_THE_STACK, ROOT, own_stack
from fail_points import held_up
from old_server import COLLECTIONS, MISSING, OldServer
from profiling import profiled
from promises import promise

NAN, INFINITY = math.nan, math.inf


def uri_of(stack, name):
    return stack.mongodb_uri.replace(f"/{stack.db.name}", f"/{name}", 1)


class Place:
    """A database of its own, filled by the older server, and microtaskctl upon it."""

    def __init__(self, stack, name=None):
        self.stack, self.name = stack, name or unique("old_")
        self.db = stack.mongo[self.name]
        self.old = OldServer(self.db)
        self.env = {"MONGODB_URI": uri_of(stack, self.name)}

    def ctl(self, *arguments):
        said = self.stack.ctl(*arguments, env=self.env)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    def adopt(self):
        """Adopts, and the books balance."""
        said = self.ctl("init-db")
        assert "balanced" in self.ctl("audit")
        return said

    def now(self, collection, record):
        """A record as it stands now."""
        return self.db[collection].find_one({"_id": record["_id"]})

    def user(self, record):
        return self.now("users", record)

    def task(self, record):
        return self.now("tasks", record)

    def work(self, record):
        return self.now("submissions", record)

    def withdrawal(self, record):
        return self.now("withdrawals", record)

    def journal(self, key):
        return self.db.ledger.find_one({"_id": key})

    def opened(self, what, record):
        row = self.journal(f"opening:{what}:{record['_id']}")
        return row["coins"] if row else 0

    def told(self, user):
        return [
            row["message"]
            for row in self.db.notifications.find({"user_id": user["_id"]}).sort("_id", 1)
        ]


@pytest.fixture
def place(stack):
    """place() is an empty database; several may be had."""
    made = []

    def make():
        made.append(Place(stack))
        return made[-1]

    yield make
    for one in made:
        stack.mongo.drop_database(one.name)


def coins_of(user):
    """Coins are stored as int64, whatever they were."""
    assert isinstance(user["coins"], Int64) and isinstance(user["pending_coins"], Int64), user
    return user["coins"], user["pending_coins"]


# --- users ---


@promise(
    "10 What becomes of old data",
    "Fractions of coins floored",
    "An opening balance in the journal for every user and task",
)
def test_coins_are_whole_and_never_negative_and_each_user_opens_in_the_journal(place):
    """Fractions are floored; negative, missing or no number is 0; texts of numbers are read."""
    here = place()
    stored = [
        ((12, 0), (12, 0)),
        ((Int64(7), 3.0), (10, 0)),
        ((12.9, 0), (12, 0)),
        ((12.9, 4.7), (16, 0)),
        ((0, 0), (0, 0)),
        ((-5, 8), (8, 0)),
        ((-0.5, -3), (0, 0)),
        ((MISSING, MISSING), (0, 0)),
        ((None, None), (0, 0)),
        ((NAN, NAN), (0, 0)),
        ((INFINITY, -INFINITY), (0, 0)),
        (("25.5", " 4 "), (29, 0)),
        (("many", "0x10"), (0, 0)),
        ((Decimal128("7.5"), Decimal128("1E+1")), (17, 0)),
        ((1e300, 0), (0, 0)),
        ((True, [1]), (0, 0)),
    ]
    users = [
        (here.old.user(coins=coins, pending_coins=pending), expected)
        for (coins, pending), expected in stored
    ]
    said = here.adopt()
    for user, expected in users:
        assert coins_of(here.user(user)) == expected, user
        assert here.opened("user", user) == sum(expected), user
    row = here.journal(f"opening:user:{users[0][0]['_id']}")
    assert isinstance(row["coins"], Int64) and isinstance(row["at"], datetime.datetime)
    del row["at"], row["request_id"]
    assert row == {
        "_id": f"opening:user:{users[0][0]['_id']}",
        "from": "opening",
        "to": f"user:{users[0][0]['_id']}",
        "coins": 12,
        "kind": "opening",
        "user": users[0][0]["_id"],
        "actor": "service",
    }
    assert re.search(r"4 × coins had a fraction", said), said
    assert str(users[2][0]["_id"]) in said, "which ones is told"


def test_fields_of_users_are_kept_and_those_of_ours_are_added(place):
    here = place()
    made = datetime.datetime(2023, 4, 5, 6, 7, 8)
    born = ObjectId("5e0be1000000000000000001")
    user = here.old.user(coins=5, photoURL="https://x.example/a.png", lastLogin=made)
    bare = here.old.user(MISSING, _id=born, createdAt=MISSING, photoURL=MISSING)
    here.adopt()
    found = here.user(user)
    for name, value in user.items():
        assert found[name] == value, name
    assert found["email_key"] == user["email"].lower()
    assert [
        found[name] for name in ("open_tasks", "pending_submissions", "pending_withdrawals")
    ] == [0] * 3
    found = here.user(bare)
    assert found["createdAt"] == born.generation_time.replace(tzinfo=None)
    assert found["role"] == "worker", "as the older server's schema took it"


@promise("10 Collections", "Partial indexes, so that old duplicates stop nothing")
@promise("10 What becomes of old data", "Duplicates reported")
def test_of_two_accounts_with_one_address_the_older_holds_the_key_and_both_keep_their_records(
    place,
):
    here = place()
    elder = here.old.user(
        "buyer", email="Rosa@Old.example", createdAt=datetime.datetime(2022, 1, 1)
    )
    younger = here.old.user(
        "buyer", email="rosa@old.example", createdAt=datetime.datetime(2023, 1, 1)
    )
    task = here.old.task(here.old.user("buyer"))
    mine = {
        elder["_id"]: here.old.submission(elder, task),
        younger["_id"]: here.old.submission(younger, task),
    }
    other_case = here.old.notification(elder, toEmail="ROSA@old.example")
    said = here.adopt()
    assert here.user(elder)["email_key"] == "rosa@old.example"
    assert "email_key" not in here.user(younger)
    assert re.search(rf"1 × e-mail of an older account.*{younger['_id']}", said), said
    for owner, record in mine.items():
        assert (
            here.work(record)["worker_id"] == owner
        ), "the address as it was registered comes first"
    assert here.now("notifications", other_case)["user_id"] == elder["_id"]
    assert {here.work(record)["slot_key"] for record in mine.values()} == {
        f"{owner}:{task['_id']}" for owner in mine
    }, "they are two workers"


@promise("10 What becomes of old data", "ids filled in from e-mails")
def test_addresses_are_the_same_when_the_case_of_ascii_letters_alone_differs(place):
    """Whoever gives out addresses may give É and é to two people."""
    here = place()
    elder = here.old.user(email="ÉMILE@old.example", createdAt=datetime.datetime(2022, 1, 1))
    younger = here.old.user(email="émile@old.example", createdAt=datetime.datetime(2023, 1, 1))
    other = here.old.user(email="Özge@old.example")
    task = here.old.task(here.old.user("buyer"), 9, 10)
    work = [
        here.old.submission(other, task, worker_email="ÖZGE@OLD.example"),
        here.old.submission(other, task, "rejected", worker_email="ÖzGe@old.example"),
    ]
    another = here.old.submission(other, task, "rejected", worker_email="özge@old.example")
    asked = here.old.withdrawal(other, 200, worker_email="ÖZGE@old.example")
    foretold = here.ctl("init-db", "--dry-run")
    said = here.adopt()
    assert rules(said) == rules(foretold)
    assert here.user(elder)["email_key"] == "Émile@old.example"
    assert here.user(younger)["email_key"] == "émile@old.example"
    assert "e-mail of an older account" not in said
    assert [here.work(one)["worker_id"] for one in work] == [other["_id"]] * 2
    assert here.withdrawal(asked)["worker_id"] == other["_id"]
    assert "1 × further submission" in said, said
    assert "worker_id" not in here.work(another) and "1 × its worker is no user" in said


def log_in_as(here, email):
    """Who does this address log in as? By the rule of user_by_email: exactly, else by its key."""
    email = email.strip()
    exact = here.db.users.find_one({"email": email})
    return exact or here.db.users.find_one({"email_key": email.lower()})


@promise("10 What becomes of old data", "Addresses trimmed")
def test_addresses_are_trimmed_so_that_their_owners_log_in_and_no_twin_registers(place):
    here = place()
    padded = here.old.user("worker", 5, email="Rosa@Old.example ")
    wide = here.old.user("worker", 5, email="\u00a0wide@old.example\u3000")
    task = here.old.task({**padded, "_id": MISSING}, 2, 10, buyer_email="rosa@old.example")
    work = here.old.submission({"email": " WIDE@old.example", "name": ""}, here.old.task(padded))
    asked = here.old.withdrawal(padded, 5)
    note = here.old.notification({"email": "Rosa@Old.example"})
    said = here.adopt()
    assert "2 × e-mail had blanks at its ends: trimmed" in said, said
    assert here.user(padded)["email"] == "Rosa@Old.example"
    assert here.user(padded)["email_key"] == "rosa@old.example"
    assert here.user(wide)["email"] == here.user(wide)["email_key"] == "wide@old.example"
    assert here.task(task)["buyer_id"] == padded["_id"]
    assert here.work(work)["worker_id"] == wide["_id"]
    assert here.withdrawal(asked)["worker_id"] == padded["_id"]
    assert here.now("notifications", note)["user_id"] == padded["_id"]


@promise("10 What becomes of old data", "Addresses trimmed")
def test_of_accounts_whose_addresses_differ_by_blanks_the_bare_one_logs_in(place):
    """Else the first of them. The others keep theirs, and are told: an operator must decide."""
    here = place()
    day = datetime.datetime(2022, 1, 1)
    elder = here.old.user("worker", 5, email="a@old.example ", createdAt=day)
    bare = here.old.user("worker", 5, email="a@old.example")
    second = here.old.user("worker", 5, email=" b@old.example")
    first = here.old.user("worker", 5, email="b@old.example\t", createdAt=day)
    case = here.old.user("worker", 5, email=" B@old.example")
    foretold = here.ctl("init-db", "--dry-run")
    said = here.adopt()
    assert rules(said) == rules(foretold)
    assert log_in_as(here, "a@old.example")["_id"] == bare["_id"]
    assert log_in_as(here, "b@old.example")["_id"] == first["_id"]
    assert log_in_as(here, "B@old.example")["_id"] == case["_id"]
    for user in (elder, second):
        assert here.user(user)["email"] == user["email"]
        assert re.search(rf"2 × e-mail has blanks.*cannot log in.*{user['_id']}", said), said


@promise("10 What becomes of old data", "Roles in another case folded")
def test_roles_in_another_case_are_folded_and_reported(place):
    here = place()
    roles = {"Buyer": "buyer", " WORKER\n": "worker", "Admin": "admin", "boss": "boss"}
    users = {role: here.old.user(role, 5) for role in roles}
    said = here.adopt()
    for role, user in users.items():
        assert here.user(user)["role"] == roles[role]
    assert "3 × role in another case, or with blanks: folded" in said, said


@promise("10 What becomes of old data", "Unknown roles reported")
def test_roles_that_are_unknown_or_none_are_reported(place):
    """Else nobody learns why their owners may do nothing."""
    here = place()
    odd = [here.old.user(role, 5) for role in ("boss", "\u212aorker", "", ["buyer"], 3)]
    bare = [here.old.user(role, 5) for role in (None, MISSING)]
    said = here.adopt()
    assert [here.user(user)["role"] for user in odd] == [user["role"] for user in odd]
    assert [here.user(user)["role"] for user in bare] == ["worker", "worker"]
    for line, users in (("5 × unknown role", odd), ("2 × no role", bare)):
        [told] = [told for told in said.splitlines() if line in told]
        assert all(str(user["_id"]) in told for user in users), said


REFUSING = [
    ("payments", "transaction_id", {}),
    ("payments", [("buyer_email", 1), ("status", 1)], {}),
    ("users", "googleId", {}),
    ("users", "googleId", {"partialFilterExpression": {"createdAt": {"$exists": True}}}),
    ("users", "email", {"collation": {"locale": "en", "strength": 1}}),
    ("users", "name", {"sparse": True}),
    ("submissions", [("task_id", 1), ("worker_email", 1)], {}),
    ("withdrawals", "account_number", {}),
    ("notifications", "toEmail", {"partialFilterExpression": {"isRead": False}}),
    ("tasks", "task_title", {"name": "created"}),
]
HARMLESS = [
    ("users", "googleId", {"sparse": True}),
    ("users", "googleId", {"partialFilterExpression": {"googleId": {"$type": "string"}}}),
    ("payments", "transaction_id", {"sparse": True}),
    ("tasks", [("task_title", 1), ("_id", 1)], {}),
]


@promise(
    "10 What becomes of old data",
    "Unique indexes that are not ours and would refuse what this service writes dropped, and named",
)
@pytest.mark.parametrize("collection, keys, options", REFUSING)
def test_old_unique_indexes_that_would_refuse_what_is_written_are_dropped(
    place, collection, keys, options
):
    here = place()
    if keys == "email":
        here.db.users.drop_index("email_1")
    name = here.db[collection].create_index(keys, unique=True, **options)
    before = dump(here.db)
    told = f"{collection}: unique index {name} is not ours"
    said = here.ctl("init-db", "--dry-run")
    assert told in said and "to be dropped" in said
    assert dump(here.db) == before
    assert told in here.adopt()
    left = here.db[collection].index_information()
    assert not left.get(name, {}).get("unique")
    assert "nothing was changed" in here.ctl("init-db")


@promise("10 init-db", "`microtaskctl init-db` makes indexes and moderate validators")
def test_indexes_that_others_have_taken_the_place_of_are_dropped(place):
    here = place()
    here.adopt()
    here.db.tasks.create_index([("createdAt", 1), ("_id", 1)], name="open_by_created")
    told = "tasks: index open_by_created serves nothing any more:"
    assert f"{told} to be dropped" in here.ctl("init-db", "--dry-run")
    assert f"{told} dropped" in here.ctl("init-db")
    assert "open_by_created" not in here.db.tasks.index_information()
    assert "nothing was changed" in here.ctl("init-db")


@promise(
    "10 What becomes of old data",
    "Unique indexes that are not ours and would refuse what this service writes dropped, and named",
)
@pytest.mark.parametrize("collection, keys, options", HARMLESS)
def test_old_unique_indexes_that_refuse_nothing_stay(place, collection, keys, options):
    here = place()
    name = here.db[collection].create_index(keys, unique=True, **options)
    said = here.adopt()
    assert "not ours" not in said
    left = here.db[collection].index_information()
    assert left[name]["unique"] and here.db.users.index_information()["email_1"]["unique"]
    if keys == "googleId":
        assert "googleId" in left, "ours is found by every query, beside it"


def test_the_older_account_may_stand_second(place):
    here = place()
    younger = here.old.user(email="ann@old.example", createdAt=datetime.datetime(2023, 1, 1))
    elder = here.old.user(email="Ann@old.example", createdAt=datetime.datetime(2022, 1, 1))
    here.adopt()
    assert here.user(elder)["email_key"] == "ann@old.example"
    assert "email_key" not in here.user(younger)


@promise(
    "10 Collections",
    "Guards and counters of users: open_tasks, pending_submissions, pending_withdrawals, closing, "
    "tokens_valid_after",
)
def test_counters_are_exact(place):
    """What a change of role depends on."""
    here = place()
    buyer, worker = here.old.user("buyer"), here.old.user(coins=500)
    tasks = [here.old.task(buyer) for _ in range(3)]
    here.old.task(buyer, status="completed")
    here.old.task(buyer, payable_amount=0)
    for task in tasks[:2]:
        here.old.submission(worker, task)
    here.old.submission(worker, tasks[2], "approved")
    here.old.submission(worker, {**tasks[2], "_id": ObjectId()})
    here.old.withdrawal(worker, 200)
    here.old.withdrawal(worker, 300)
    here.old.withdrawal(worker, 400)
    here.adopt()
    assert here.user(buyer)["open_tasks"] == 3
    found = here.user(worker)
    assert (found["pending_submissions"], found["pending_withdrawals"]) == (2, 2)


# --- withdrawals ---


def hold_row(here, withdrawal):
    row = here.journal(f"hold:{withdrawal['_id']}")
    return row and (row["from"], row["to"], row["coins"], row["kind"], row["user"])


@promise(
    "10 What becomes of old data",
    "Each pending withdrawal is held from pending_coins, then from coins, else rejected",
    "pending_coins left over after that and after approved ones return to coins",
)
def test_pending_withdrawals_are_held_from_pending_coins_then_from_coins_else_rejected(place):
    """Oldest first; what is left of pending_coins after approved ones goes back to coins."""
    here = place()
    day = datetime.datetime(2024, 1, 1)
    worker = here.old.user(coins=300, pending_coins=900)
    late = here.old.withdrawal(worker, 1000, withdraw_date=day + datetime.timedelta(days=3))
    first = here.old.withdrawal(worker, 200, withdraw_date=day)
    approved = here.old.withdrawal(worker, 250, "approved")
    second = here.old.withdrawal(worker, 300.0, withdraw_date=day + datetime.timedelta(days=1))
    rejected = here.old.withdrawal(worker, 400, "rejected")
    said = here.adopt()
    # 900 - 200 - 300 = 400 left; the third asks for 1000 of 400 + 300: too much.
    # 250 of the 400 went with the approved one, 150 are back.
    assert coins_of(here.user(worker)) == (450, 500)
    assert here.opened("user", worker) == 950
    for one, coins in ((first, 200), (second, 300)):
        found = here.withdrawal(one)
        assert (found["status"], found["worker_id"]) == ("pending", worker["_id"])
        assert found["withdrawal_coin"] == coins and isinstance(found["withdrawal_coin"], Int64)
        assert hold_row(here, one) == (
            f"user:{worker['_id']}",
            f"held:{one['_id']}",
            coins,
            "hold",
            worker["_id"],
        )
    found = here.withdrawal(late)
    assert found["status"] == "rejected" and found["rejection_reason"]
    assert isinstance(found["processed_date"], datetime.datetime)
    assert hold_row(here, late) is None
    assert any("1000" in message for message in here.told(worker)), "the worker is told"
    for one, status in ((approved, "approved"), (rejected, "rejected")):
        assert here.withdrawal(one)["status"] == status and hold_row(here, one) is None
    for words in (
        "2 × pending: held (500 coins)",
        "rejected (1000 coins)",
        "(150 coins)",
        "(250 coins)",
    ):
        assert words in said, said


# coins and pending_coins before; asked for, oldest first; approved; both after, and which are held
SETTLEMENTS = [
    (250, 0, [200], [], (50, 200), [True]),  # asked for before the older server moved coins then
    (250, 0, [200, 200], [], (50, 200), [True, False]),
    (100, 150, [200], [], (50, 200), [True]),  # from both
    (100, 50, [200], [], (150, 0), [False]),  # rejected: what was pending is free again
    (0, 200, [], [200], (0, 0), []),  # gone with the payout
    (10, 200, [], [], (210, 0), []),  # of a rejected one
    (0, 200, [200], [300], (0, 200), [True]),  # pending ones come first
    (0, 500, [200], [200], (100, 200), [True]),
    (7, 0, [], [200], (7, 0), []),  # approved long ago, taken from coins then
    (1000, 0, [0, -5, NAN, "x", MISSING], [], (1000, 0), [False] * 5),
    (1000, 0, [200.9, "300"], [], (500, 500), [True, True]),
    (9e15, 9e15, [9e15], [], (9 * 10**15, 9 * 10**15), [True]),
]


@promise(
    "10 What becomes of old data",
    "Each pending withdrawal is held from pending_coins, then from coins, else rejected",
    "pending_coins left over after that and after approved ones return to coins",
)
def test_what_becomes_of_coins_and_withdrawals(place):
    here = place()
    cases = []
    for coins, pending, asked, approved, balance, held in SETTLEMENTS:
        worker = here.old.user(coins=coins, pending_coins=pending)
        paid = [here.old.withdrawal(worker, one, "approved") for one in approved]
        waiting = [here.old.withdrawal(worker, one) for one in asked]
        cases.append((worker, paid, waiting, balance, held))
    here.adopt()
    for worker, paid, waiting, balance, held in cases:
        assert coins_of(here.user(worker)) == balance
        assert [here.withdrawal(one)["status"] == "pending" for one in waiting] == held
        assert [hold_row(here, one) is not None for one in waiting] == held
        assert all(here.withdrawal(one)["status"] == "approved" for one in paid)
        assert here.user(worker)["pending_withdrawals"] == sum(held)


def test_a_pending_withdrawal_without_a_worker_is_rejected_and_one_without_a_status_is_pending(
    place,
):
    here = place()
    worker = here.old.user(coins=300)
    lost = here.old.withdrawal({"email": "gone@old.example", "name": "Gone"}, 200)
    bare = here.old.withdrawal(worker, 250.5, status=MISSING, createdAt=MISSING, updatedAt=MISSING)
    here.adopt()
    assert here.withdrawal(lost)["status"] == "rejected"
    found = here.withdrawal(bare)
    assert (found["status"], found["withdrawal_coin"], found["withdrawal_amount"]) == (
        "pending",
        250,
        12.5,
    )
    assert isinstance(found["createdAt"], datetime.datetime)
    assert coins_of(here.user(worker)) == (50, 250)


def test_a_worker_with_a_thousand_pending_withdrawals(place):
    """All of a worker's are decided in one transaction."""
    here = place()
    worker = here.old.user(coins=20 * 999, pending_coins=0)
    rows = [
        {"worker_email": worker["email"], "withdrawal_coin": 20, "status": "pending"}
        for _ in range(1000)
    ]
    here.db.withdrawals.insert_many(rows)
    here.adopt()
    assert coins_of(here.user(worker)) == (0, 20 * 999)
    assert here.db.withdrawals.count_documents({"status": "rejected"}) == 1


# --- tasks and submissions ---


def state(task):
    return task["status"], task["required_workers"], task["payable_amount"]


@promise("10 init-db", "With a report")
@promise(
    "10 What becomes of old data",
    "Open slots := max(0, required_workers − pending)",
    "None open and none pending → completed",
    "An opening balance in the journal for every user and task",
)
def test_pending_submissions_take_slots_and_the_escrow_opens(place):
    """Open slots := max(0, required_workers - pending): slots were taken at approval."""
    here = place()
    buyer = here.old.user("buyer")
    workers = [here.old.user() for _ in range(5)]

    def task(slots, pending, approved=0, price=10, **changes):
        made = here.old.task(buyer, slots, price, **changes)
        for worker in workers[:pending]:
            here.old.submission(worker, made)
        for worker in workers[pending : pending + approved]:
            here.old.submission(worker, made, "approved")
        return made

    cases = [
        (task(5, 2, 1), ("active", 3, 10), 50),
        (task(3, 0), ("active", 3, 10), 30),
        (task(2, 2), ("active", 0, 10), 20),
        (task(1, 3), ("active", 0, 10), 30),
        (task(0, 2), ("active", 0, 10), 20),
        (task(0, 0, 2), ("completed", 0, 10), 0),
        (task(2.9, 1, price=10.9), ("active", 1, 10), 20),
        (task("4", 1, price="10"), ("active", 3, 10), 40),
        (task(Int64(4), 1, status=MISSING), ("active", 3, 10), 40),
        (task(2, 1, completion_date=now() - datetime.timedelta(days=9)), ("active", 1, 10), 20),
        (task(2, 0, status="completed"), ("completed", 0, 10), 0),
        (task(2, 1, status="completed"), ("completed", 0, 10), 10),
        (task(2, 1, status="cancelled"), ("cancelled", 0, 10), 10),
        (task(2, 0, status="paused"), ("completed", 0, 10), 0),
    ]
    said = here.adopt()
    for record, expected, escrow in cases:
        found = here.task(record)
        assert state(found) == expected, record
        assert isinstance(found["required_workers"], Int64) and isinstance(
            found["payable_amount"], Int64
        )
        assert here.opened("task", record) == escrow, record
        pending = here.db.submissions.find({"task_id": record["_id"], "status": "pending"})
        assert all(
            one["payable_amount"] == 10 for one in pending
        ), "escrow is counted at the task's price"
    row = here.journal(f"opening:task:{cases[0][0]['_id']}")
    assert (row["from"], row["to"], row["kind"], row["task"]) == (
        "opening",
        f"escrow:{cases[0][0]['_id']}",
        "opening",
        cases[0][0]["_id"],
    )
    assert re.search(r"4 × more pending submissions than slots.*\(60 coins\)", said), said
    assert here.user(buyer)["open_tasks"] == 9


BAD_AMOUNTS = [
    0,
    -1,
    0.5,
    NAN,
    INFINITY,
    1e30,
    "ten",
    "",
    [],
    MISSING,
    None,
    True,
    Decimal128("NaN"),
]


@promise(
    "10 What becomes of old data",
    "Active tasks with bad amounts or no buyer → cancelled, escrow 0",
)
def test_active_tasks_with_bad_amounts_or_no_buyer_are_cancelled_with_an_escrow_of_0(place):
    here = place()
    buyer, worker = here.old.user("buyer"), here.old.user()
    nobody = {"email": "gone@old.example", "name": "Gone", "_id": ObjectId()}
    tasks = [here.old.task(buyer, 3, amount) for amount in BAD_AMOUNTS]
    # 0 is what a finished task has; anything less has never been a number of slots
    tasks += [here.old.task(buyer, amount, 10) for amount in BAD_AMOUNTS if amount not in (0, 0.5)]
    tasks += [here.old.task(nobody), here.old.task(nobody, buyer_id=MISSING)]
    tasks += [here.old.task(buyer, buyer_id=MISSING, buyer_email=MISSING)]
    works = [here.old.submission(worker, task) for task in tasks]
    said = here.adopt()
    for task, work in zip(tasks, works):
        found = here.task(task)
        assert (found["status"], found["required_workers"]) == ("cancelled", 0), task
        assert here.opened("task", task) == 0
        found = here.work(work)
        assert found["status"] == "rejected" and found["rejection_reason"], "nobody can pay for it"
        assert isinstance(found["reviewed_date"], datetime.datetime)
        assert found["worker_id"] == worker["_id"]
    assert len(here.told(worker)) == len(works), "the worker is told of each"
    assert here.user(worker)["pending_submissions"] == 0 and here.user(buyer)["open_tasks"] == 0
    assert "3 × active without a buyer: cancelled" in said, said


@promise("10 What becomes of old data", "ids filled in from e-mails")
def test_the_buyer_is_found_by_id_or_by_e_mail_in_any_case(place):
    here = place()
    buyer = here.old.user("buyer", email="Bea@Old.example")
    other = here.old.user("buyer")
    cases = [
        here.old.task(buyer, buyer_id=MISSING),
        here.old.task(buyer, buyer_id=MISSING, buyer_email="bea@old.EXAMPLE"),
        here.old.task(buyer, buyer_email="changed@old.example"),
        here.old.task(buyer, buyer_id=str(buyer["_id"])),
        here.old.task(buyer, buyer_id=ObjectId()),
        here.old.task(buyer, buyer_email=other["email"]),  # ownership goes by id
    ]
    works = [here.old.submission(here.old.user(), task) for task in cases]
    here.adopt()
    for task, work in zip(cases, works):
        assert here.task(task)["buyer_id"] == buyer["_id"], task
        assert here.task(task)["status"] == "active"
        assert here.work(work)["buyer_id"] == buyer["_id"], "who reviews is the task's buyer"


@promise("10 What becomes of old data", "Pending submissions without task or worker → rejected")
def test_pending_submissions_without_task_or_worker_are_rejected_and_take_no_slot(place):
    here = place()
    buyer, worker = here.old.user("buyer"), here.old.user()
    gone = {"email": "gone@old.example", "name": "Gone"}
    task = here.old.task(buyer, 3, 10)
    orphan = here.old.submission(worker, {**task, "_id": ObjectId()})
    taskless = here.old.submission(worker, task, task_id=MISSING)
    workerless = here.old.submission(gone, task)
    history = here.old.submission(gone, {**task, "_id": ObjectId()}, "approved")
    here.adopt()
    for one in (orphan, taskless, workerless):
        found = here.work(one)
        assert found["status"] == "rejected" and found["rejection_reason"], one
    assert here.work(orphan)["worker_id"] == worker["_id"]
    assert len(here.told(worker)) == 2
    assert state(here.task(task)) == ("active", 3, 10)
    found = here.work(history)
    assert found["status"] == "approved" and "worker_id" not in found
    assert found["buyer_id"] == buyer["_id"], "by the address, where the task is gone"


def test_submissions_are_read_however_they_are_stored(place):
    here = place()
    buyer, worker = here.old.user("buyer"), here.old.user(email="Wim@old.example")
    task = here.old.task(buyer, 9, 10)
    text_id = here.old.submission(worker, task, task_id=str(task["_id"]))
    bare = here.old.submission(
        here.old.user(),
        task,
        status=MISSING,
        createdAt=MISSING,
        updatedAt=MISSING,
        submitted_date=MISSING,
    )
    dear = here.old.submission(here.old.user(), task, payable_amount=99)
    shout = here.old.submission({**worker, "email": "WIM@OLD.EXAMPLE"}, here.old.task(buyer))
    paid = here.old.submission(worker, here.old.task(buyer), "approved", payable_amount=7.5)
    odd = here.old.submission(worker, here.old.task(buyer), "approved", payable_amount=-7)
    here.adopt()
    assert here.work(text_id)["task_id"] == task["_id"]
    found = here.work(bare)
    made = bare["_id"].generation_time.replace(tzinfo=None)
    assert found["status"] == "pending"
    assert [found[name] for name in ("createdAt", "updatedAt", "submitted_date")] == [made] * 3
    assert here.work(dear)["payable_amount"] == 10
    assert here.work(shout)["worker_id"] == worker["_id"]
    assert here.work(paid)["payable_amount"] == 7 and here.work(odd)["payable_amount"] == 0
    assert state(here.task(task)) == ("active", 6, 10)


@promise("10 Collections", "Partial indexes, so that old duplicates stop nothing")
@promise("10 What becomes of old data", "Duplicates reported")
def test_of_duplicate_submissions_the_first_that_counts_holds_the_key(place):
    """Pending or approved before rejected, then the oldest; all are kept."""
    here = place()
    buyer, worker = here.old.user("buyer"), here.old.user()
    day = datetime.datetime(2024, 1, 1)

    def works(*statuses, task=None):
        task = task or here.old.task(buyer, 9, 10)
        return [
            here.old.submission(worker, task, status, createdAt=day + datetime.timedelta(days=n))
            for n, status in enumerate(statuses)
        ]

    groups = [
        (works("rejected", "pending", "approved"), 1),
        (works("rejected", "rejected"), 0),
        (works("approved", "pending"), 0),
        # of a task that cannot pay what is pending is rejected, too
        (works("rejected", "pending", task=here.old.task(buyer, 9, 0)), 0),
    ]
    said = here.adopt()
    for group, first in groups:
        keyed = ["slot_key" in here.work(one) for one in group]
        assert keyed == [n == first for n in range(len(group))], group
        assert here.work(group[first])["slot_key"] == f"{worker['_id']}:{group[0]['task_id']}"
    assert "5 × further submission of a worker to a task" in said, said
    assert here.user(worker)["pending_submissions"] == 2


@promise(
    "10 Collections",
    "Guards and counters are kept by the transactions that need them (tasks: rev, expires_at)",
)
def test_tasks_get_what_lists_and_deadlines_need(place):
    here = place()
    buyer = here.old.user("buyer")
    midnight, noon = datetime.datetime(2030, 5, 6), datetime.datetime(2030, 5, 6, 12)
    long_text = "Größe " * 4000 + "zuletzt"
    whole_day = here.old.task(buyer, completion_date=midnight, task_title="Fotos: Straße & Café")
    hour = here.old.task(buyer, completion_date=noon, createdAt=MISSING, updatedAt=MISSING)
    text = here.old.task(buyer, completion_date="2030-05-06T12:00:00.000Z", task_detail=long_text)
    none = here.old.task(buyer, completion_date=MISSING)
    beyond = [here.old.task(buyer, completion_date=number) for number in (-1, 0, 2**60, 1e17)]
    here.adopt()
    found = here.task(whole_day)
    assert found["expires_at"] == midnight + datetime.timedelta(days=1)
    assert found["completion_date"] == midnight and found["rev"] == 0
    assert {"fotos", "straße", "café", "watch"} <= set(found["words"])
    found = here.task(hour)
    assert found["expires_at"] == noon
    assert (
        found["createdAt"] == found["updatedAt"] == hour["_id"].generation_time.replace(tzinfo=None)
    )
    found = here.task(text)
    assert found["expires_at"] == found["completion_date"] == noon, "a date again"
    assert "größe" in found["words"]
    for undated in (none, *beyond):
        assert (
            here.task(undated)["expires_at"] == undated["createdAt"]
        ), "closed: the sweep gives the coins back"
    assert coins_of(here.user(buyer)) == (0, 0)
    here.ctl("sweep")
    assert coins_of(here.user(buyer)) == (150, 0)
    assert here.task(none)["status"] == "completed"
    assert "balanced" in here.ctl("audit")


@promise("10 What becomes of old data", "Duplicates reported")
def test_of_duplicates_whose_ids_are_odd_one_holds_the_key(place):
    """No query names them by an ObjectId, and yet the run ends."""
    here = place()
    buyer, worker = here.old.user("buyer", 100), here.old.user()
    task, other = here.old.task(buyer), here.old.task(buyer)
    odd = [{"_id": value} for value in ("odd", 7, {"part": 1})]
    approved = [here.old.submission(worker, task, "approved", **one) for one in odd]
    waiting = here.old.submission(worker, other, _id="waiting")
    whole = here.old.submission(worker, other)
    paid = [here.old.payment(buyer, transaction_id="txn_odd", **one) for one in odd]
    said = here.adopt()
    keys = [here.work(one).get("slot_key") for one in approved]
    assert len([key for key in keys if key]) == 1
    assert "slot_key" in here.work(whole) and "slot_key" not in here.work(waiting)
    assert [here.work(one)["status"] for one in (whole, waiting)] == ["pending", "rejected"]
    assert len([one for one in paid if "txn_key" in here.now("payments", one)]) == 1
    assert "3 × further submission" in said and "2 × further payment" in said
    late = here.old.payment(buyer, transaction_id="txn_odd", _id="late")
    assert "1 × further payment" in here.adopt()
    assert "txn_key" not in here.now("payments", late)
    assert "nothing was changed" in here.ctl("init-db")


# --- payments, notifications ---


@promise("10 What becomes of old data", "ids filled in from e-mails", "Duplicates reported")
def test_payments_and_notifications_find_their_owners(place):
    here = place()
    buyer = here.old.user("buyer", email="Pia@old.example")
    payment = here.old.payment(buyer, 150.5, buyer_email="pia@old.example")
    oldest = here.old.payment(
        buyer, coin_amount=MISSING, price=MISSING, coins=500, amount=20, status=MISSING
    )
    lost = here.old.payment({"email": "gone@old.example", "name": "Gone"}, -1)
    first = here.old.payment(buyer, transaction_id="txn_1", status="pending")
    completed = here.old.payment(buyer, transaction_id="txn_1")
    again = here.old.payment(buyer, transaction_id="txn_1")
    told = here.old.notification(buyer)
    bare = here.old.notification(buyer, isRead=MISSING, createdAt=MISSING)
    kept = here.old.notification(buyer, isRead=True)
    nobodys = here.old.notification({"email": "gone@old.example"})
    said = here.adopt()
    found = here.now("payments", payment)
    assert (found["buyer_id"], found["coin_amount"]) == (buyer["_id"], 150)
    assert isinstance(found["coin_amount"], Int64) and found["price"] == 10
    found = here.now("payments", oldest)
    assert (found["coin_amount"], found["price"], found["status"]) == (500, 20, "pending")
    found = here.now("payments", lost)
    assert "buyer_id" not in found and found["coin_amount"] == 0
    assert ["txn_key" in here.now("payments", one) for one in (first, completed, again)] == [
        False,
        True,
        False,
    ]
    assert "2 × further payment of one transaction" in said, said
    assert coins_of(here.user(buyer)) == (0, 0), "no coins for what was paid long ago"
    for one, read in ((told, False), (bare, False), (kept, True)):
        found = here.now("notifications", one)
        assert (found["user_id"], found["isRead"], found["archived"]) == (buyer["_id"], read, False)
        assert isinstance(found["createdAt"], datetime.datetime)
    assert "user_id" not in here.now("notifications", nobodys)


# --- old data as it comes: generated, with every oddity mixed ---


class Chaos:
    """Random old data: the same for the same seed, ids included."""

    EPOCH = datetime.datetime(2024, 3, 1)

    def __init__(self, here, seed, size=1):
        self.here, self.random, self.size = here, random.Random(seed), size
        self.ids = 0

    def id(self):
        self.ids += 1
        return ObjectId(f"65e1{self.ids:020x}")

    def pick(self, *choices):
        return self.random.choice(choices)

    def amount(self, usual):
        odd = [
            MISSING,
            None,
            NAN,
            INFINITY,
            -3,
            0,
            0.25,
            "12",
            "x",
            Decimal128("9.75"),
            usual + 0.5,
        ]
        stored = [usual, float(usual), Int64(usual)]
        return self.pick(*stored, *stored, *stored, *odd)

    def date(self):
        moment = self.EPOCH + datetime.timedelta(minutes=self.random.randrange(10**5))
        return self.pick(*[moment] * 12, moment.isoformat(), MISSING, None, 17)

    def email(self, person):
        address = person["email"] if isinstance(person.get("email"), str) else "x@old.example"
        return self.pick(
            *[address] * 6,
            address.upper(),
            address.title(),
            address.strip(),
            f"\u00a0{address} ",
            "gone@old.example",
            MISSING,
            5,
        )

    def dates(self, *fields):
        return {field: self.date() for field in fields}

    def fill(self):
        old, pick, number = self.here.old, self.pick, self.random.randrange
        users = []
        for n in range(40 * self.size):
            case = pick(str.lower, str.title, str.upper)
            email = case(f"{pick('p', 'p', 'é')}{number(30 * self.size)}-{n % 3}@old.example")
            email = pick(*["{}"] * 5, " {}", "{}\n", "\u2003{}\u00a0").format(email)
            if any(user["email"] == email for user in users):
                email = f"{n}{email}"
            users.append(
                old.user(
                    pick(*["worker", "buyer"] * 4, "Buyer", " worker", "ADMIN\t", "boss", MISSING),
                    self.amount(number(2000)),
                    _id=self.id(),
                    name=f"N{n}",
                    email=email,
                    pending_coins=self.amount(number(1500)),
                    **self.dates("createdAt"),
                )
            )
        tasks = []
        for n in range(40 * self.size):
            buyer = pick(*users)
            tasks.append(
                old.task(
                    {
                        **buyer,
                        "_id": pick(*[buyer["_id"]] * 4, MISSING, self.id(), str(buyer["_id"]), 5),
                    },
                    self.amount(number(6)),
                    self.amount(1 + number(30)),
                    _id=self.id(),
                    task_title=f"T{n}",
                    buyer_email=self.email(buyer),
                    status=pick(*["active"] * 8, "completed", "cancelled", "paused", MISSING),
                    completion_date=pick(
                        self.date(), datetime.datetime(2031, 1, 1), MISSING, "soon"
                    ),
                    **self.dates("createdAt", "updatedAt"),
                )
            )
        for n in range(120 * self.size):
            worker, task = pick(*users), pick(*tasks)
            old.submission(
                worker,
                task,
                pick(*["pending"] * 5, "approved", "rejected", "lost", MISSING, None),
                _id=self.id(),
                submission_details=f"S{n}",
                task_id=pick(*[task["_id"]] * 8, str(task["_id"]), self.id(), MISSING),
                worker_email=self.email(worker),
                buyer_email=self.email(worker),
                payable_amount=self.amount(10),
                reviewed_date=MISSING,
                **self.dates("createdAt", "updatedAt", "submitted_date"),
            )
        for n in range(60 * self.size):
            worker = pick(*users)
            old.withdrawal(
                worker,
                self.amount(200 + number(400)),
                pick(*["pending"] * 4, "approved", "rejected", "lost", MISSING),
                _id=self.id(),
                worker_email=self.email(worker),
                withdrawal_amount=pick(10, 12.5, MISSING),
                **self.dates("createdAt", "updatedAt", "withdraw_date"),
            )
        for n in range(30 * self.size):
            buyer = pick(*users)
            old.payment(
                buyer,
                self.amount(150),
                _id=self.id(),
                buyer_email=self.email(buyer),
                status=pick("completed", "completed", "pending", "failed", MISSING),
                transaction_id=pick(f"txn{number(20)}", MISSING, "", 5),
                **self.dates("createdAt", "updatedAt", "payment_date"),
            )
            old.notification(
                buyer,
                _id=self.id(),
                message=f"M{n}",
                toEmail=self.email(buyer),
                isRead=pick(True, False, MISSING, "no"),
                **self.dates("createdAt", "updatedAt"),
            )
        self.here.db.users.insert_one(
            {"_id": "no ObjectId", "email": "odd@old.example", "coins": 9}
        )
        self.here.db.tasks.insert_one(
            {
                "_id": 7,
                "status": "active",
                "required_workers": 2,
                "payable_amount": 2,
                "buyer_email": users[0]["email"],
            }
        )


def comparable(value):
    """NaN is never equal to itself, and equal numbers of different types are not the same."""
    if isinstance(value, dict):
        return {name: comparable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [comparable(part) for part in value]
    return f"{type(value).__name__} {value!r}"


def dump(db):
    """All there is: collections, options, indexes, documents."""
    return {
        entry["name"]: (
            comparable(entry.get("options")),
            comparable(db[entry["name"]].index_information()),
            [
                comparable(one)
                for one in sorted(db[entry["name"]].find(), key=lambda one: str(one["_id"]))
            ],
        )
        for entry in db.list_collections()
    }


def settled(db, began):
    """What adoption left, but for the moments when it happened and the ids that it drew."""
    ended = now() + datetime.timedelta(minutes=1)

    def timeless(value):
        if isinstance(value, dict):
            return {name: timeless(part) for name, part in value.items()}
        if isinstance(value, datetime.datetime) and began <= value <= ended:
            return "then"
        return comparable(value)

    left = {}
    for name in (*COLLECTIONS, "ledger"):
        records = []
        for record in db[name].find():
            if name == "notifications" and record["createdAt"] >= began:
                del record["_id"]
            records.append(timeless(record))
        left[name] = sorted(records, key=str)
    return left


def rules(said):
    """The report without what differs in a dry run: what was made, and the last line."""
    return [line for line in said.splitlines() if re.match(r"\w+: \d+ adopted|  \d+ ×", line)]


@promise(
    "10 init-db",
    "`--dry-run` tells and changes nothing",
    "Changing nothing when run again",
    "With a report",
)
@promise(
    "10 What becomes of old data",
    "A role changed in the database by an operator does not unbalance the audit",
)
@pytest.mark.parametrize("seed", range(4))
def test_any_old_data_is_adopted_balanced_once_and_as_a_dry_run_foretold(place, seed):
    here = place()
    Chaos(here, seed).fill()
    before = dump(here.db)
    foretold = here.ctl("init-db", "--dry-run")
    assert dump(here.db) == before, "a dry run changes nothing at all"
    done = here.adopt()
    assert rules(done) == rules(foretold) and len(rules(done)) > 20, done
    for name in COLLECTIONS:
        assert here.db[name].count_documents({}) >= len(before[name][2]), "nothing is lost"
    after = dump(here.db)
    assert "nothing was changed" in here.ctl("init-db")
    again = dump(here.db)
    assert again == after, "nor does a further run change anything"
    here.db.users.update_many({}, {"$set": {"role": "admin"}})
    assert "balanced" in here.ctl(
        "audit"
    ), "a role changed by an operator does not unbalance the audit"


def spawn(here, *arguments):
    """microtaskctl, to be killed."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_STACK}
    environment.update(MICROTASK_ENV="development", JWT_SECRET=here.stack.jwt_secret, **here.env)
    return subprocess.Popen(
        [here.stack.env()["MICROTASKCTL"], *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process):
    process.kill()
    process.wait()
    # the driver's counters, which it could not take away: a later process of this number would
    # complain about them
    pathlib.Path(f"/dev/shm/mongoc-{process.pid}").unlink(missing_ok=True)


@promise("10 init-db", "It adopts existing data, each record in one transaction", "Resumable")
@pytest.mark.parametrize("seed", (11, 12))
def test_killed_at_any_moment_and_run_again_it_ends_the_same(place, seed):
    whole, broken = place(), place()
    began = now() - datetime.timedelta(minutes=1)
    for here in (whole, broken):
        Chaos(here, seed, size=3).fill()
    whole.ctl("init-db", "--dry-run")
    started = time.monotonic()
    whole.adopt()
    took = time.monotonic() - started
    chance = random.Random(seed)
    with held_up(broken.stack.mongo.admin, "insert", collection=broken.db.ledger) as under_way:
        amid = spawn(broken, "init-db")
        under_way()
        kill(amid)
    for _ in range(11):
        process = spawn(broken, "init-db")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0.02, took * 0.8))
        kill(process)
    broken.adopt()
    assert settled(broken.db, began) == settled(whole.db, began)


@promise(
    "10 init-db",
    "A record is adopted whole, with its rows in the journal, also where several share a transaction; one that fails holds up no other",
)
def test_of_records_that_share_a_transaction_one_that_fails_holds_up_no_other(place):
    """Each succeeds or fails by itself, with its row in the journal."""
    here = place()
    users = [here.old.user(coins=5) for _ in range(40)]
    poor = users[17]
    key = f"opening:user:{poor['_id']}"
    row = {"from": "opening", "to": "payouts", "coins": Int64(5), "kind": "opening", "at": now()}
    here.db.ledger.insert_one({"_id": key, **row})
    said = here.stack.ctl("init-db", env=here.env)
    assert said.returncode != 0 and "cut off" in said.stderr
    for user in users:
        opened = here.db.ledger.count_documents({"user": user["_id"]})
        assert ("adopted" in here.user(user), opened) == ((False, 0) if user is poor else (True, 1))
    here.db.ledger.delete_one({"_id": key})
    assert "users: 1 adopted" in here.adopt()
    assert here.opened("user", poor) == 5


@promise(
    "10 init-db",
    "A record is adopted whole, with its rows in the journal, also where several share a transaction; one that fails holds up no other",
)
def test_killed_at_any_moment_a_record_and_its_row_are_both_there_or_neither(place):
    here = place()
    users = [{"email": f"u{n}@old.example", "coins": 5} for n in range(3000)]
    here.db.users.insert_many(users)
    process = spawn(here, "init-db")
    eventually(lambda: here.db.users.count_documents({"adopted": 1}) > 100, within=60)
    process.kill()
    process.wait()
    pathlib.Path(f"/dev/shm/mongoc-{process.pid}").unlink(missing_ok=True)
    with here.db.client.start_session() as moment, moment.start_transaction():
        adopted = here.db.users.find({"adopted": 1}, session=moment).distinct("_id")
        opened = here.db.ledger.find({"kind": "opening"}, session=moment).distinct("user")
    assert set(adopted) == set(opened) and len(adopted) > 100
    here.adopt()
    assert here.db.ledger.count_documents({"kind": "opening"}) == 3000


@promise("10 init-db", "Resumable")
def test_killed_before_its_last_indexes_it_is_not_ready_and_the_next_run_makes_them(place):
    """Most of them come when all is adopted: nothing is left to adopt then, but calls wait still."""
    whole, broken = place(), place()
    for here in (whole, broken):
        here.old.task(here.old.user("buyer", 100), 1, 10)
    whole.adopt()
    with held_up(
        broken.stack.mongo.admin, "createIndexes", ms=1000, collection=broken.db.tasks
    ) as under_way:
        process = spawn(broken, "init-db")
        under_way()
        kill(process)
    assert all("adopted" in one for one in broken.db.tasks.find())
    assert broken.db.meta.find_one({"_id": "adopted"}) is None
    said = broken.stack.ctl("adjust", "nobody@old.example", "1", "Why", env=broken.env)
    assert said.returncode != 0 and "init-db" in said.stderr
    broken.adopt()
    for name in whole.db.list_collection_names():
        assert broken.db[name].index_information() == whole.db[name].index_information(), name


@promise("10 init-db", "Safe beside running workers")
def test_several_runs_at_once_end_the_same(place):
    whole, crowded = place(), place()
    began = now() - datetime.timedelta(minutes=1)
    for here in (whole, crowded):
        Chaos(here, 21, size=2).fill()
    whole.adopt()
    runs = [spawn(crowded, "init-db") for _ in range(3)]
    assert [run.wait(timeout=600) for run in runs] == [0] * 3
    assert "balanced" in crowded.ctl("audit")
    assert settled(crowded.db, began) == settled(whole.db, began)


@promise("10 init-db", "It adopts existing data, each record in one transaction")
def test_a_record_that_changes_meanwhile_is_read_again(place):
    """Every change made before a user was adopted is in their opening balance, and none after."""
    here = place()
    users = [{"_id": ObjectId(), "email": f"u{n}@old.example", "coins": 100.0} for n in range(3000)]
    here.db.users.insert_many(users)
    stop, paid = threading.Event(), {user["_id"]: 0 for user in users}

    def pay():
        """As the older server would, were it not stopped: upon records that are not adopted."""
        chance = random.Random(5)
        while not stop.is_set():
            user = chance.choice(users)["_id"]
            found = here.db.users.update_one(
                {"_id": user, "adopted": {"$exists": False}}, {"$inc": {"coins": 1.5}}
            )
            paid[user] += found.modified_count

    payer = threading.Thread(target=pay)
    payer.start()
    try:
        here.ctl("init-db")
    finally:
        stop.set()
        payer.join()
    assert sum(paid.values()) > 0
    for user in here.db.users.find():
        assert user["coins"] == math.floor(100 + 1.5 * paid[user["_id"]])
    assert "balanced" in here.ctl("audit")


@promise("10 init-db", "It adopts existing data, each record in one transaction")
def test_a_withdrawal_that_is_written_amid_a_run_keeps_it_from_nothing_and_is_held_by_the_next(place):
    """The pass over withdrawals is past by the time that its worker is adopted."""
    here = place()
    worker = here.old.user("worker", 500)
    early = here.old.withdrawal(worker, 200)
    with held_up(
        here.stack.mongo.admin, "update", ms=1000, collection=here.db.withdrawals
    ) as under_way:
        run = spawn(here, "init-db")
        under_way()
        amid = here.old.withdrawal(worker, 100)
    assert run.wait(timeout=60) == 0
    assert "adopted" in here.withdrawal(early) and "adopted" not in here.withdrawal(amid)
    here.adopt()
    assert here.withdrawal(early)["status"] == here.withdrawal(amid)["status"] == "pending"
    found = here.user(worker)
    assert (found["coins"], found["pending_coins"], found["pending_withdrawals"]) == (200, 300, 2)


@promise("10 init-db", "It adopts existing data, each record in one transaction")
def test_a_task_that_is_written_amid_a_run_is_counted_once_by_the_next(place):
    """Its buyer is adopted before it. One that was counted twice could never leave, nor change roles."""
    here = place()
    buyer, worker = here.old.user("buyer", 500), here.old.user("worker", 500)
    here.old.task(buyer, 2, 10)
    here.old.withdrawal(worker, 200)
    with held_up(
        here.stack.mongo.admin, "update", ms=1000, collection=here.db.withdrawals
    ) as under_way:
        run = spawn(here, "init-db")
        under_way()
        amid = here.old.task(buyer, 3, 10)
    assert run.wait(timeout=60) == 0
    assert "adopted" in here.user(buyer) and "adopted" not in here.task(amid)
    here.adopt()
    assert here.task(amid)["status"] == "active" and here.user(buyer)["open_tasks"] == 2


@promise("10 init-db", "It adopts existing data, each record in one transaction")
@pytest.mark.parametrize("named", (False, True))
def test_work_that_is_handed_in_amid_a_run_takes_its_slot_and_is_counted_once_by_the_next(
    place, named
):
    """Its task and its worker, whom it may name by the id, are adopted before it."""
    here = place()
    buyer, worker, other = here.old.user("buyer", 500), here.old.user(), here.old.user()
    task = here.old.task(buyer, 3, 10)
    here.old.submission(other, task)
    with held_up(
        here.stack.mongo.admin, "update", ms=1000, collection=here.db.submissions
    ) as under_way:
        run = spawn(here, "init-db")
        under_way()
        amid = here.old.submission(worker, task, **({"worker_id": worker["_id"]} if named else {}))
    assert run.wait(timeout=60) == 0
    assert "adopted" in here.task(task) and "adopted" not in here.work(amid)
    here.adopt()
    assert here.work(amid)["status"] == "pending" and here.task(task)["required_workers"] == 1
    assert here.user(worker)["pending_submissions"] == here.user(other)["pending_submissions"] == 1


@promise("10 init-db", "It adopts existing data, each record in one transaction")
def test_users_find_their_withdrawals_by_an_index(place):
    """Else each thousand users would read all withdrawals there are."""
    here = place()
    worker = here.old.user("worker", 500)
    for _ in range(3):
        here.old.withdrawal(worker, 50)
    with profiled(here.db, op="query", ns=here.db.withdrawals.full_name) as finds:
        here.adopt()
    plans = [one["planSummary"] for one in finds if "status" in one["command"]["filter"]]
    assert plans and all("COLLSCAN" not in plan for plan in plans), plans


@promise("10 init-db", "Changing nothing when run again")
def test_a_record_of_an_odd_id_that_changes_meanwhile_is_read_again(place):
    """No query names it by an ObjectId."""
    here = place()
    here.db.users.insert_one({"_id": "odd", "email": "odd@old.example", "coins": 1})
    with held_up(here.stack.mongo.admin, "update", ms=1000, collection=here.db.users) as under_way:
        run = spawn(here, "init-db")
        under_way()
        here.db.users.update_one({"_id": "odd"}, {"$set": {"coins": 2}})
    assert run.wait(timeout=60) == 0
    assert here.db.users.find_one({"_id": "odd"})["adopted"] == 1
    assert "nothing was changed" in here.ctl("init-db")


@promise("10 init-db", "Changing nothing when run again")
def test_records_of_ours_beside_old_ones_are_left_alone(place):
    """Should the mark be lost, what was made with us is not adopted a second time."""
    here = place()
    buyer, worker = here.old.user("buyer", 100), here.old.user(coins=500)
    task = here.old.task(buyer, 3, 10)
    here.old.submission(worker, task)
    here.old.withdrawal(worker, 200)
    here.adopt()
    here.db.meta.delete_many({"_id": "adopted"})
    before = settled(here.db, now())
    here.adopt()
    assert settled(here.db, now()) == before


def test_a_newer_version_s_data_is_refused(place):
    here = place()
    here.db.meta.insert_one({"_id": "adopted", "version": 99, "at": now()})
    said = here.stack.ctl("init-db", env=here.env)
    assert said.returncode != 0 and "newer" in said.stderr
    assert here.stack.ctl("init-db", "--nonsense", env=here.env).returncode != 0


@pytest.mark.parametrize("command", [("sweep",), ("seed-demo",)])
def test_what_would_move_coins_waits_for_adoption(place, command):
    here = place()
    buyer = here.old.user("buyer")
    here.old.task(buyer, completion_date=now() - datetime.timedelta(days=9))
    before = dump(here.db)
    said = here.stack.ctl(*command, env=here.env)
    assert said.returncode != 0 and "init-db" in said.stderr
    assert dump(here.db) == before


# --- the way back, as docs/migrating.md tells it ---


def documented_commands():
    """The commands of each block of docs/migrating.md: leaving, and coming back."""
    text = (ROOT / "docs" / "migrating.md").read_text()
    blocks = []
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        commands, at = [], 0
        while block[at:].strip():
            at += len(block[at:]) - len(block[at:].lstrip())
            command, at = json.JSONDecoder().raw_decode(block, at)
            commands.append(command)
        blocks.append(commands)
    return blocks


def test_the_way_back_to_the_older_server_and_to_this_one_again(place):
    here = place()
    leave, come_back = documented_commands()
    buyer, worker, other = here.old.user("buyer"), here.old.user(coins=500), here.old.user()
    task = here.old.task(buyer, 5, 10)
    works = [here.old.submission(one, task) for one in (worker, other)]
    asked = here.old.withdrawal(worker, 200)
    here.adopt()
    assert state(here.task(task)) == ("active", 3, 10)

    for command in leave:
        here.db.command(command)
    assert state(here.task(task)) == ("active", 5, 10), "slots as the older server counts them"
    here.db.submissions.update_one({"_id": works[0]["_id"]}, {"$set": {"status": "approved"}})
    here.db.users.update_one({"_id": worker["_id"]}, {"$inc": {"coins": 10.5}})
    here.db.tasks.update_one({"_id": task["_id"]}, {"$inc": {"required_workers": -1}})
    third = here.old.user()
    here.old.submission(third, task)

    for command in come_back:
        here.db.command(command)
    here.adopt()
    assert state(here.task(task)) == ("active", 2, 10)
    assert here.opened("task", task) == 40
    assert coins_of(here.user(worker)) == (310, 200)
    assert hold_row(here, asked)[2] == 200
    assert here.user(other)["pending_submissions"] == 1
    assert here.db.ledger_before.count_documents({}) > 0


# --- the service over it ---


@pytest.fixture(scope="module")
def world(stack):
    """A service that was up before its data was adopted, and people of the older server."""
    here = Place(stack)
    with own_stack("--no-demo", env=here.env) as service:
        here.service = service
        here.db.meta.delete_many({"_id": "adopted"})
        people_arrive(here)
        yield here
    stack.mongo.drop_database(here.name)


def people_arrive(here):
    old = here.old
    here.buyer = old.user("buyer", 100, email="Bo@old.example")
    here.worker = old.user("worker", 500, pending_coins=100)
    here.node = old.user(
        "worker", password=bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    )
    here.google = old.user("worker", password=MISSING, googleId="1234", authProvider="google")
    here.admin = old.user("admin")
    here.elder = old.user("worker", 1, email="Twin@old.example")
    here.twin = old.user("worker", 2, email="twin@old.example", password=here.node["password"])
    here.tasks = [old.task(here.buyer, 4, 10) for _ in range(3)]
    here.dead = old.task(here.buyer, 2, 0)
    here.works = [old.submission(here.worker, task) for task in here.tasks]
    here.done = old.submission(here.worker, here.dead, "approved")
    here.others = [
        old.submission(here.elder, here.tasks[0]),
        old.submission(here.node, here.tasks[0], "rejected"),
    ]
    here.asked = [old.withdrawal(here.worker, 200), old.withdrawal(here.worker, 9000)]
    here.bought = [old.payment(here.buyer) for _ in range(2)]
    here.notes = [old.notification(here.worker) for _ in range(2)]


def api_of(here, user):
    token = user_token(here.service.jwt_secret, user["_id"], user["email"], user["role"])
    return Api(here.service.http, token)


@promise("1 Health", "Ready is 503 when the data is not adopted")
@promise("10 init-db", "Safe beside running workers")
def test_calls_wait_until_the_data_is_adopted(world):
    """A worker never acts on what is not adopted, also when it was up before."""
    before = dump(world.db)
    buyer, worker = api_of(world, world.buyer), api_of(world, world.worker)
    work = {"task_id": str(world.tasks[0]["_id"]), "submission_details": "Done"}
    for answer in (
        world.service.api.get("/tasks"),
        worker.post("/submissions", json=work),
        buyer.put(f"/submissions/{world.works[0]['_id']}/approve"),
        buyer.delete(f"/tasks/{world.tasks[0]['_id']}"),
        world.service.api.get("/health/ready"),
    ):
        assert_error(answer, 503, "unavailable")
        assert "retry-after" in answer.headers
    assert_error(world.service.api.get("/auth/me"), 401, "unauthorized")
    ok(world.service.api.get("/health"))
    assert dump(world.db) == before
    world.adopt()
    ok(world.service.api.get("/health/ready"))
    for _ in range(40):
        ok(world.service.api.get("/tasks"))


@pytest.fixture
def served(world):
    """The same world, adopted."""
    if not world.db.meta.find_one({"_id": "adopted"}):
        world.adopt()
    return world


def log_in(world, email):
    return world.service.api.post("/auth/login", json={"email": email, "password": PASSWORD})


@promise("10 What becomes of old data", "Old accounts, hashes and tokens keep working")
def test_old_accounts_log_in_as_before(served):
    """Hashes of both kinds verify; who has no password has none; each of two accounts of one
    address is found by its own.
    """
    for user in (served.buyer, served.worker, served.node, served.elder):
        assert ok(log_in(served, user["email"]))["user"]["_id"] == str(user["_id"])
    assert ok(log_in(served, "BO@OLD.EXAMPLE"))["user"]["_id"] == str(served.buyer["_id"])
    assert ok(log_in(served, served.twin["email"]))["user"]["_id"] == str(served.twin["_id"])
    assert ok(log_in(served, "TWIN@old.example"))["user"]["_id"] == str(served.elder["_id"])
    assert_error(log_in(served, served.google["email"]), 401, "unauthorized")
    body = {"currentPassword": PASSWORD, "newPassword": PASSWORD + "2"}
    assert_error(api_of(served, served.google).put("/auth/password", json=body), 400, "no_password")
    taken = {"name": "X", "email": "tWiN@old.example", "password": PASSWORD, "role": "worker"}
    assert_error(served.service.api.post("/auth/register", json=taken), 400, "email_taken")


def ids_of(records):
    return sorted(str(record["_id"]) for record in records)


@promise("10 Collections", "`__v` may be absent or present")
@promise("10 What becomes of old data", "Old accounts, hashes and tokens keep working")
def test_everybody_still_sees_all_that_was_theirs(served):
    buyer, worker = api_of(served, served.buyer), api_of(served, served.worker)
    assert ids_of(ok(worker.get("/submissions/worker/my-submissions"))["submissions"]) == ids_of(
        [*served.works, served.done]
    )
    assert ids_of(ok(buyer.get("/submissions/buyer/review"))["submissions"]) == ids_of(
        [*served.works, served.others[0]]
    )
    assert ids_of(ok(buyer.get("/tasks/buyer/my-tasks"))["tasks"]) == ids_of(served.tasks)
    for one in (*served.works, served.done):
        ok(worker.get(f"/submissions/{one['_id']}"))
    assert ok(worker.get(f"/tasks/{served.dead['_id']}"))["status"] == "cancelled"
    approved = ok(worker.get("/submissions/worker/approved"))
    assert ids_of(approved["approvedSubmissions"]) == ids_of([served.done])
    admin = api_of(served, served.admin)
    everything = ok(admin.get("/submissions"))["submissions"]
    assert ids_of(everything) == ids_of([*served.works, served.done, *served.others])
    history = ok(worker.get("/withdrawals/worker/history"))["withdrawals"]
    assert ids_of(history) == ids_of(served.asked)
    pending = ok(admin.get("/withdrawals/admin/pending"))["withdrawals"]
    assert ids_of(pending) == ids_of(served.asked[:1])
    assert pending[0]["coinSources"] == {"bonus": 0, "earned": 600, "buyers": []}
    bought = ok(buyer.get("/payments/history"))
    assert ids_of(bought["payments"]) == ids_of(served.bought) and bought["totalAmount"] == 20
    told = ok(worker.get("/notifications", params={"limit": 100}))
    assert set(ids_of(served.notes)) <= set(ids_of(told)) and len(told) == 3
    assert any("9000" in one["message"] for one in told), "of the rejected withdrawal"
    assert ok(worker.get("/notifications/unread/count"))["unreadCount"] == 3
    me = ok(worker.get("/auth/me"))
    assert (me["coins"], me["pending_coins"]) == (400, 200)


def test_a_worker_who_handed_in_to_the_older_server_cannot_again(served):
    body = {"task_id": str(served.tasks[0]["_id"]), "submission_details": "Once more"}
    for user in (served.worker, served.elder, served.node):
        assert_error(api_of(served, user).post("/submissions", json=body), 400, "already_submitted")


@promise("10 What becomes of old data", "Old accounts, hashes and tokens keep working")
def test_coins_go_on_from_where_they_were(served):
    """Reviewing, handing in, cancelling, refunding, withdrawing: the books stay balanced."""
    buyer, worker = api_of(served, served.buyer), api_of(served, served.worker)
    admin = api_of(served, served.admin)
    first, second, third = served.works
    assert ok(buyer.put(f"/submissions/{first['_id']}/approve"))["workerNewBalance"] == 410
    ok(buyer.put(f"/submissions/{second['_id']}/reject"))
    assert served.task(served.tasks[1])["required_workers"] == 4
    ok(
        api_of(served, served.twin).post(
            "/submissions",
            json={"task_id": str(served.tasks[1]["_id"]), "submission_details": "Done"},
        ),
        201,
    )
    assert ok(buyer.delete(f"/tasks/{served.tasks[2]['_id']}"))["refundedAmount"] == 30
    ok(buyer.put(f"/submissions/{third['_id']}/reject"))
    assert ok(buyer.get("/auth/me"))["coins"] == 140
    body = {"withdrawal_coin": 250, "payment_system": "bkash", "account_number": "1"}
    asked = ok(worker.post("/withdrawals", json=body), 201)["withdrawal"]
    ok(admin.put(f"/withdrawals/{asked['_id']}/reject"))
    ok(admin.put(f"/withdrawals/{served.asked[0]['_id']}/approve"))
    me = ok(worker.get("/auth/me"))
    assert (me["coins"], me["pending_coins"]) == (410, 0)
    assert "balanced" in served.ctl("audit")
    assert ok(admin.get("/admin/audit"))["balanced"] is True


def test_a_user_of_the_older_server_can_be_removed(served):
    admin, worker = api_of(served, served.admin), served.old.user("worker", 30)
    served.db.meta.delete_many({"_id": "adopted"})
    task = served.old.task(served.buyer, 2, 10)
    work = served.old.submission(worker, task)
    served.adopt()
    ok(admin.delete(f"/admin/users/{worker['_id']}"))
    eventually(lambda: served.user(worker) is None, within=60)
    assert served.work(work)["status"] == "rejected"
    assert served.task(task)["required_workers"] == 2
    assert "balanced" in served.ctl("audit")
