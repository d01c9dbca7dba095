"""Contract, section 2: a record that neither this service wrote nor adoption adopted moves no coins.

Each case makes a good record by calls, takes its mark away, as a restored one has none, and calls.
"""

import datetime

import pytest
from bson import Int64, ObjectId

from client import (
    PASSWORD,
    assert_error,
    now,
    ok,
    register_input,
    task_input,
    unique,
)
from market import (
    notification,
    pass_deadline,
    post_task,
    stored_submission,
    stored_task,
    submit,
    withdraw,
)
from promises import promise
from test_adoption import comparable

MONEY = ("users", "tasks", "submissions", "withdrawals", "payments", "notifications", "ledger")


class Market:
    """A buyer's open task with work on it, a withdrawal and a payment that are pending."""

    def __init__(self, stack, admin):
        self.stack, self.db, self.admin = stack, stack.db, admin
        self.buyer, self.worker = stack.user("buyer", 1000), stack.user("worker", 1000)
        self.other = stack.user("worker", 0)
        self.task = post_task(self.buyer)
        self.submission = submit(self.worker, self.task)
        self.withdrawal = withdraw(self.worker)
        made = self.buyer.api.post("/payments/create-payment", json={"coins": 10})
        self.payment = ok(made, 201)["payment"]

    def places(self):
        return {
            "buyer": ("users", self.buyer.id),
            "worker": ("users", self.worker.id),
            "other": ("users", self.other.id),
            "admin": ("users", self.admin.id),
            "task": ("tasks", self.task["_id"]),
            "submission": ("submissions", self.submission["_id"]),
            "withdrawal": ("withdrawals", self.withdrawal["_id"]),
            "payment": ("payments", self.payment["_id"]),
        }

    def unmark(self, kind, mark=False):
        collection, record = self.places()[kind]
        change = {"$set": {"adopted": 1}} if mark else {"$unset": {"adopted": ""}}
        done = self.db[collection].update_one({"_id": ObjectId(record)}, change)
        assert done.modified_count == 1, "it bore the mark"

    def state(self):
        """All that money is in, of these people."""
        people = [ObjectId(user.id) for user in (self.buyer, self.worker, self.other, self.admin)]
        fields = ("_id", "buyer_id", "worker_id", "user_id", "user")
        owned = {"$or": [{field: {"$in": people}} for field in fields]}
        return {
            name: [comparable(one) for one in self.db[name].find(owned).sort("_id", 1)]
            for name in MONEY
        }


def expire(market):
    pass_deadline(market.db, market.task)


CALLS = {
    "post": lambda m: m.buyer.api.post("/tasks", json=task_input()),
    "buy slots": lambda m: m.buyer.api.post(f"/tasks/{m.task['_id']}/slots", json={"delta": 1}),
    "give slots": lambda m: m.buyer.api.post(f"/tasks/{m.task['_id']}/slots", json={"delta": -1}),
    "cancel": lambda m: m.buyer.api.delete(f"/tasks/{m.task['_id']}"),
    "take down": lambda m: m.admin.api.delete(f"/admin/tasks/{m.task['_id']}"),
    "submit": lambda m: m.other.api.post(
        "/submissions", json={"task_id": m.task["_id"], "submission_details": "Done"}
    ),
    "approve": lambda m: m.buyer.api.put(f"/submissions/{m.submission['_id']}/approve"),
    "approve as admin": lambda m: m.admin.api.put(f"/submissions/{m.submission['_id']}/approve"),
    "reject": lambda m: m.buyer.api.put(f"/submissions/{m.submission['_id']}/reject"),
    "status": lambda m: m.buyer.api.put(
        f"/submissions/{m.submission['_id']}/status", json={"status": "approved"}
    ),
    "withdraw": lambda m: m.worker.api.post(
        "/withdrawals",
        json={"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"},
    ),
    "pay out": lambda m: m.admin.api.put(f"/withdrawals/{m.withdrawal['_id']}/approve"),
    "release": lambda m: m.admin.api.put(f"/admin/withdrawals/{m.withdrawal['_id']}/reject"),
    "order": lambda m: m.buyer.api.post("/payments/create-payment", json={"coins": 10}),
    "confirm": lambda m: m.buyer.api.put(
        f"/payments/confirm/{m.payment['_id']}", json={"transactionId": unique("txn")}
    ),
    "dummy": lambda m: m.buyer.api.post("/payments/dummy-payment", json={"coins": 10}),
    "purchase": lambda m: m.buyer.api.post(
        "/payments/purchase-coins", json={"coins": 10, "amount": 1}
    ),
    "remove worker": lambda m: m.admin.api.delete(f"/admin/users/{m.worker.id}"),
    "change role": lambda m: m.admin.api.put(
        f"/admin/users/{m.other.id}/role", json={"role": "buyer"}
    ),
}
CASES = {
    "post": "buyer",
    "buy slots": "buyer task",
    "give slots": "buyer task",
    "cancel": "buyer task",
    "take down": "admin buyer task",
    "submit": "other task",
    "approve": "buyer worker task submission",
    "approve as admin": "admin worker task submission",
    "reject": "buyer worker task submission",
    "status": "buyer worker task submission",
    "withdraw": "worker",
    "pay out": "admin worker withdrawal",
    "release": "admin worker withdrawal",
    "order": "buyer",
    "confirm": "buyer payment",
    "dummy": "buyer",
    "purchase": "buyer",
    "remove worker": "admin worker",
    "change role": "other",
}


@pytest.fixture
def market(stack, admin):
    return Market(stack, admin)


@promise(
    "2 The books",
    "A record that neither this service wrote nor adoption adopted moves no coins (409)",
)
@pytest.mark.parametrize(
    "call, kind", [(call, kind) for call, kinds in CASES.items() for kind in kinds.split()]
)
def test_no_call_moves_coins_of_a_record_without_the_mark(market, call, kind, books):
    market.unmark(kind)
    before = market.state()
    try:
        said = assert_error(CALLS[call](market), 409, "conflict")
        assert "init-db" in said["error"]
        assert market.state() == before
    finally:
        market.unmark(kind, mark=True)
    answer = CALLS[call](market)
    if call != "remove worker":  # who has something pending; it is another's test
        assert answer.status_code in (200, 201), "with the mark it is done: " + answer.text


@promise(
    "2 The books",
    "A record that neither this service wrote nor adoption adopted moves no coins (409)",
)
@pytest.mark.parametrize("kind", ["buyer", "worker", "task", "submission"])
def test_work_on_an_ended_task_is_not_refunded_without_the_mark(market, kind, books):
    expire(market)
    assert market.stack.ctl("sweep").returncode == 0
    market.unmark(kind)
    before = market.state()
    try:
        assert_error(CALLS["reject"](market), 409, "conflict")
        assert market.state() == before
    finally:
        market.unmark(kind, mark=True)
    ok(CALLS["reject"](market))


@promise(
    "2 The books",
    "A record that neither this service wrote nor adoption adopted moves no coins (409)",
)
def test_a_review_of_many_passes_it_over(market, books):
    other = submit(market.other, market.task)
    market.unmark("submission")
    body = {"ids": [market.submission["_id"], other["_id"]], "status": "approved"}
    said = ok(market.buyer.api.post("/submissions/review", json=body))["results"]
    assert [(one["ok"], one.get("code")) for one in said] == [(False, "conflict"), (True, None)]
    assert stored_submission(market.db, market.submission)["status"] == "pending"
    market.unmark("submission", mark=True)


@promise("2 The books", "What the service does by itself moves no coins of such a record either")
@pytest.mark.parametrize("kind", ["buyer", "task"])
def test_its_deadline_refunds_nothing(market, kind, books):
    market.unmark(kind)
    expire(market)  # now that the stack's own sweep leaves it alone, too
    before = market.state()
    try:
        assert market.stack.ctl("sweep").returncode == 0
        assert market.state() == before
    finally:
        market.unmark(kind, mark=True)
    assert market.stack.ctl("sweep").returncode == 0
    assert stored_task(market.db, market.task)["required_workers"] == 0


@promise("2 The books", "What the service does by itself moves no coins of such a record either")
@pytest.mark.parametrize("kind", ["worker", "task", "submission"])
def test_nobody_is_paid_because_it_was_not_reviewed(market, kind, books):
    long_ago = now() - datetime.timedelta(days=3000)
    mine = {"_id": ObjectId(market.submission["_id"])}
    market.db.submissions.update_one(mine, {"$set": {"submitted_date": long_ago}})
    market.unmark(kind)
    before = market.state()
    try:
        assert market.stack.ctl("sweep", env={"REVIEW_DAYS": "2900"}).returncode == 0
        assert market.state() == before
    finally:
        market.unmark(kind, mark=True)
    assert market.stack.ctl("sweep", env={"REVIEW_DAYS": "2900"}).returncode == 0
    assert stored_submission(market.db, market.submission)["status"] == "approved"


@promise(
    "2 The books",
    "A record that neither this service wrote nor adoption adopted moves no coins (409)",
)
def test_a_submission_put_into_the_collection_without_a_task_is_not_paid(stack, admin, worker, books):
    """It may name an owner, a key of ours, whatever it likes: there is no escrow behind it."""
    for more in ({}, {"slot_key": f"{worker.id}:{ObjectId()}"}):
        work = {
            "_id": ObjectId(),
            "task_id": ObjectId(),
            "task_title": "None",
            "payable_amount": Int64(500),
            "worker_id": ObjectId(worker.id),
            "worker_email": worker.email,
            "status": "pending",
            "createdAt": now(),
            **more,
        }
        stack.db.submissions.insert_one(work)
        try:
            for verdict in ("approve", "reject"):
                answer = admin.api.put(f"/submissions/{work['_id']}/{verdict}")
                assert_error(answer, 409, "conflict")
            assert worker.coins() == 0
        finally:
            stack.db.submissions.delete_one({"_id": work["_id"]})


@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
def test_who_lacks_the_mark_signs_in_and_reads(stack, api, fresh_throttle, books):
    session = ok(api.post("/auth/register", json=register_input(role="worker")), 201)
    email, user = session["user"]["email"], {"_id": ObjectId(session["user"]["_id"])}
    stack.db.users.update_one(user, {"$unset": {"adopted": ""}})
    mine = api.as_user(ok(api.post("/auth/login", json={"email": email, "password": PASSWORD}))["token"])
    for path in ("/auth/me", "/tasks", "/submissions/worker/my-submissions", "/notifications"):
        ok(mine.get(path))
    assert ok(mine.put("/auth/profile", json={"name": "Renamed"}))["name"] == "Renamed"
    body = {"currentPassword": PASSWORD, "newPassword": PASSWORD + "2"}
    mine = api.as_user(ok(mine.put("/auth/password", json=body))["token"])
    ok(mine.post("/auth/logout"))
    stack.db.users.update_one(user, {"$set": {"adopted": 1}})


@promise("10 What becomes of old data", "Documents without fields of ours are read all the same")
def test_a_notification_without_the_mark_is_read_and_archived(stack, worker, db):
    told = notification(db, worker)
    ok(worker.api.put(f"/notifications/{told}/read"))
    ok(worker.api.delete(f"/notifications/{told}"))


@promise("2 The books", "Whatever the service writes is marked as its own")
def test_whatever_the_service_writes_bears_the_mark(market, api):
    """All kinds, by calls alone; seeds and admins made by the operator, too."""
    ok(CALLS["approve"](market))
    registered = ok(api.post("/auth/register", json=register_input()), 201)["user"]["_id"]
    made = market.stack.ctl("create-admin", "Ada", f"{unique('ada')}@example.org", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    owned = {"$or": [{"name": "Ada"}, {"_id": ObjectId(registered)}]}
    assert market.db.users.count_documents(owned | {"adopted": None}) == 0
    for name, people in (
        ("tasks", "buyer_id"),
        ("submissions", "worker_id"),
        ("withdrawals", "worker_id"),
        ("payments", "buyer_id"),
        ("notifications", "user_id"),
    ):
        ids = [ObjectId(user.id) for user in (market.buyer, market.worker)]
        records = list(market.db[name].find({people: {"$in": ids}}))
        assert records and all(record["adopted"] for record in records), name
    market.db.users.update_many({"name": "Ada"}, {"$set": {"role": "worker"}})
