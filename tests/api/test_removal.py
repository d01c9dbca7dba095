"""Contract, section 9: the removal of a user. Out at once; cleared away by a job that survives
being killed, beside everything else that goes on; nothing of theirs stays behind, and no coin is
lost.
"""

import contextlib
import datetime
import itertools
import os
import re
import signal
import subprocess
import threading
import time

import httpx
import pytest
from bson import Int64, ObjectId

from client import (
    PASSWORD,
    UNKNOWN_ID,
    assert_error,
    eventually,
    now,
    ok,
    register_input,
    task_input,
    unique,
)
from market import (
    approve,
    coins,
    ids,
    post_task,
    stored_submission,
    stored_task,
    stored_user,
    stored_withdrawal,
    submit,
    told,
    withdraw,
)
from promises import promise
from wire import Call, at_once, deciding, outcomes, reviewing, submitting, withdrawing

pytestmark = pytest.mark.usefixtures("books", "counters")
NAMED = [
    ("tasks", "buyer"),
    ("submissions", "buyer"),
    ("submissions", "worker"),
    ("withdrawals", "worker"),
    ("payments", "buyer"),
]
DELETED = "Deleted user"


def remove(admin, user, **kwargs):
    return admin.api.delete(f"/admin/users/{user.id}", **kwargs)


def deleted_email(user):
    return f"deleted-{user.id}@invalid"


def assert_nothing_left(db, user):
    """Neither the account, nor open business, nor a name or e-mail anywhere."""
    user_id = ObjectId(user.id)
    assert stored_user(db, user) is None
    for collection, owner in NAMED:
        mine = {f"{owner}_id": user_id}
        for status in ("active", "pending"):
            left = db[collection].count_documents({**mine, "status": status})
            assert not left or collection == "payments", (collection, owner, status)
        for record in db[collection].find(mine):
            assert record[f"{owner}_name"] == DELETED, (collection, record)
            assert record[f"{owner}_email"] == deleted_email(user), (collection, record)
    words = re.compile(f"{re.escape(user.email)}|{re.escape(user.name)}", re.IGNORECASE)
    lately = {"createdAt": {"$gte": now() - datetime.timedelta(minutes=5)}}
    for collection in ("users", "tasks", "submissions", "withdrawals", "payments", "notifications"):
        for record in db[collection].find(lately):
            assert not words.search(repr(record)), (collection, record)
    for collection in ("notifications", "idempotency"):
        assert db[collection].count_documents({"user_id": user_id}) == 0


@pytest.fixture
def stuck(db):
    """stuck(user): their removal cannot come to its end before the test lets go of it."""
    held = []

    def hold(user):
        held.append(user)
        db.users.update_one({"_id": ObjectId(user.id)}, {"$inc": {"pending_withdrawals": 1}})

    def let_go(user):
        held.remove(user)
        db.users.update_one({"_id": ObjectId(user.id)}, {"$inc": {"pending_withdrawals": -1}})

    hold.let_go = let_go
    yield hold
    for user in held:
        let_go(user)


def sweep(stack):
    assert stack.ctl("sweep").returncode == 0


# --- who, whom ---


@promise(
    "9 DELETE /users/:id",
    "For admins → 200 {message}",
    "The job removes the user's notifications and the user document",
)
def test_a_removed_user_is_gone(admin, new_worker, db):
    worker = new_worker(7)
    assert ok(remove(admin, worker))["message"]
    assert_nothing_left(db, worker)
    assert_error(worker.api.get("/auth/me"), 401, "unauthorized")
    assert_error(remove(admin, worker), 404, "not_found")


@promise("9 DELETE /users/:id", "For admins → 200 {message}")
def test_the_user_must_exist(admin):
    assert_error(admin.api.delete(f"/admin/users/{UNKNOWN_ID}"), 404, "not_found")
    assert_error(admin.api.delete("/admin/users/42"), 400, "invalid_id")


@promise("9 DELETE /users/:id", "409 for oneself")
def test_nobody_removes_themselves(admin, db):
    assert_error(remove(admin, admin), 409, "conflict")
    assert "closing" not in stored_user(db, admin)


@promise("9 DELETE /users/:id", "For admins → 200 {message}")
def test_admins_remove_admins(admin, new_admin, db):
    other = new_admin()
    ok(remove(admin, other))
    assert_nothing_left(db, other)


@pytest.fixture
def two_admins(db, new_admin):
    """The only ones there are, for the length of a test."""
    others = [user["_id"] for user in db.users.find({"role": "admin"}, {"_id": 1})]
    db.users.update_many({"_id": {"$in": others}}, {"$set": {"role": "worker"}})
    yield [new_admin(), new_admin()]
    db.users.update_many({"_id": {"$in": others}}, {"$set": {"role": "admin"}})


@promise("9 DELETE /users/:id", "409 for the last admin")
def test_of_two_admins_who_remove_each_other_at_once_one_remains(stack, db, two_admins):
    one, other = two_admins
    calls = [Call("DELETE", f"/admin/users/{other.id}", one.token)] * 25
    calls += [Call("DELETE", f"/admin/users/{one.id}", other.token)] * 25
    calls[::2], calls[1::2] = calls[:25], calls[25:]
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, "conflict", "unauthorized", "not_found"}
    assert outcomes(answers)[200] >= 1
    assert db.users.count_documents({"role": "admin", "closing": {"$ne": True}}) == 1
    sweep(stack)
    assert db.users.count_documents({"role": "admin"}) == 1


@promise("9 DELETE /users/:id", "409 for the last admin")
def test_removal_and_demotion_at_once_leave_an_admin(stack, db, two_admins):
    one, other = two_admins
    calls = [Call("DELETE", f"/admin/users/{other.id}", one.token)] * 25
    calls += [Call("PUT", f"/admin/users/{one.id}/role", other.token, {"role": "buyer"})] * 25
    calls[::2], calls[1::2] = calls[:25], calls[25:]
    answers = at_once(stack, calls)
    allowed = {200, "conflict", "unauthorized", "forbidden", "not_found"}
    assert set(outcomes(answers)) <= allowed
    assert db.users.count_documents({"role": "admin", "closing": {"$ne": True}}) == 1


@promise("9 PUT /users/:id/role", "409 for the last admin")
def test_an_admin_on_the_way_out_is_none_who_stays(db, two_admins, stuck):
    """The last admin is the last who stays."""
    one, other = two_admins
    stuck(other)
    ok(remove(one, other))
    assert stored_user(db, other)["closing"] is True
    refused = one.api.put(f"/admin/users/{one.id}/role", json={"role": "buyer"})
    assert_error(refused, 409, "conflict")
    stuck.let_go(other)
    ok(remove(one, other))


# --- out at once ---


@promise("9 GET /users", "Without those being removed")
@promise(
    "9 DELETE /users/:id",
    "The user is out at once",
    "Meanwhile a repeat answers 200 and the e-mail is taken",
)
@promise(
    "10 Collections",
    "Guards and counters of users: open_tasks, pending_submissions, pending_withdrawals, closing, "
    "tokens_valid_after",
)
def test_the_user_is_out_while_the_job_still_runs(
    admin, api, new_worker, db, stack, stuck, fresh_throttle
):
    word = unique("leaving")
    worker = new_worker(10**7, name=word)
    assert worker.id in ids(ok(api.get("/tasks/top-workers")))
    stuck(worker)
    ok(remove(admin, worker))
    assert stored_user(db, worker)["closing"] is True

    assert_error(worker.api.get("/auth/me"), 401, "unauthorized")
    login = {"email": worker.email, "password": PASSWORD}
    assert_error(api.post("/auth/login", json=login), 401, "unauthorized")
    assert ok(admin.api.get("/admin/users", params={"q": word}))["users"] == []
    assert worker.id not in ids(ok(api.get("/tasks/top-workers")))
    role = admin.api.put(f"/admin/users/{worker.id}/role", json={"role": "buyer"})
    assert_error(role, 404, "not_found")

    taken = api.post("/auth/register", json=register_input(email=worker.email.upper()))
    assert_error(taken, 400, "email_taken")
    ok(remove(admin, worker))  # a repeat answers 200

    stuck.let_go(worker)
    sweep(stack)
    assert_nothing_left(db, worker)


@promise("9 DELETE /users/:id", "A resumable job goes on, whatever is killed")
def test_a_repeat_goes_on_with_it(admin, new_worker, db, stuck):
    worker = new_worker(5)
    stuck(worker)
    ok(remove(admin, worker))
    stuck.let_go(worker)
    ok(remove(admin, worker))
    assert_nothing_left(db, worker)


def test_answers_kept_for_others_name_nobody_who_is_gone(admin, new_buyer, new_worker, db):
    """A repeat of what a buyer and an admin did still answers, with the names the records have now."""
    buyer, worker = new_buyer(100), new_worker(500, name='Gone "Quoted" \\ Name')
    work, asked = submit(worker, post_task(buyer)), withdraw(worker)
    calls = [
        (buyer, f"/submissions/{work['_id']}/approve", {"Idempotency-Key": unique("key")}),
        (admin, f"/withdrawals/{asked['_id']}/approve", {"Idempotency-Key": unique("key")}),
    ]
    before = [ok(who.api.put(path, headers=key)) for who, path, key in calls]
    assert worker.email in str(before[0]) and worker.email in str(before[1])
    ok(remove(admin, worker))
    for (who, path, key), first in zip(calls, before):
        again = who.api.put(path, headers=key)
        assert again.headers["idempotent-replayed"] == "true"
        kind = "submission" if "submission" in first else "withdrawal"
        first[kind].update(worker_name=DELETED, worker_email=deleted_email(worker))
        assert ok(again) == first
    kept = b"".join(answer["body"] for answer in db.idempotency.find({"body": {"$exists": True}}))
    assert worker.email.encode() not in kept


@promise("1 Idempotency-Key", "It is honoured on the DELETEs of section 9")
def test_a_key_makes_a_repeat_answer_the_same(admin, new_worker, db):
    worker, headers = new_worker(), {"Idempotency-Key": unique("key")}
    first, second = (remove(admin, worker, headers=headers) for _ in range(2))
    assert ok(first) == ok(second)
    assert second.headers["idempotent-replayed"] == "true"
    assert_nothing_left(db, worker)


# --- what becomes of it all ---


@promise(
    "9 DELETE /users/:id",
    "The job cancels open tasks",
    "The job rejects pending submissions to the user's tasks",
)
def test_a_buyers_open_tasks_are_cancelled_and_work_handed_in_is_rejected(
    admin, new_buyer, new_worker, db
):
    buyer, workers = new_buyer(100), [new_worker() for _ in range(3)]
    task = post_task(buyer, required_workers=5, payable_amount=10)
    paid, *waiting = [submit(worker, task) for worker in workers]
    approve(buyer, paid)
    ok(remove(admin, buyer))
    assert_nothing_left(db, buyer)
    kept = stored_task(db, task)
    assert (kept["status"], kept["required_workers"]) == ("cancelled", 0)
    assert [coins(db, worker) for worker in workers] == [10, 0, 0]
    for worker, submission in zip(workers[1:], waiting):
        rejected = stored_submission(db, submission)
        assert rejected["status"] == "rejected" and rejected["rejection_reason"]
        [notification] = told(db, worker)
        assert notification["type"] == "rejection"
        assert rejected["rejection_reason"] in notification["message"], "the worker is told why"
    assert stored_submission(db, paid)["status"] == "approved"


@promise("9 DELETE /users/:id", "The job rejects pending submissions to the user's tasks")
def test_a_tasks_pending_work_is_rejected_although_it_was_cancelled_before(
    admin, new_buyer, new_worker, db
):
    buyer, worker = new_buyer(100), new_worker()
    task = post_task(buyer, required_workers=2, payable_amount=10)
    submission = submit(worker, task)
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    ok(remove(admin, buyer))
    assert_nothing_left(db, buyer)
    assert stored_submission(db, submission)["status"] == "rejected"


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
)
def test_completed_tasks_stay_completed(admin, new_buyer, new_worker, api, db):
    """And may be taken down: nobody is there to be told."""
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=1)
    approve(buyer, submit(new_worker(), task))
    eventually(lambda: stored_task(db, task)["status"] == "completed", within=1)
    ok(remove(admin, buyer))
    assert_nothing_left(db, buyer)
    assert stored_task(db, task)["status"] == "completed"
    assert ok(api.get(f"/tasks/{task['_id']}"))["buyer_name"] == DELETED
    seen = ok(admin.api.get(f"/tasks/{task['_id']}"))
    assert seen["buyer_email"] == deleted_email(buyer)
    assert ok(admin.api.delete(f"/admin/tasks/{task['_id']}"))["refundedAmount"] == 0
    assert_nothing_left(db, buyer)


@promise("9 DELETE /users/:id", "The job rejects pending submissions by the user")
def test_a_workers_pending_work_is_rejected_and_the_slot_is_open_again(
    admin, new_buyer, new_worker, db
):
    buyer, worker, other = new_buyer(100), new_worker(), new_worker()
    task = post_task(buyer, required_workers=1, payable_amount=10)
    submission = submit(worker, task)
    ok(remove(admin, worker))
    assert_nothing_left(db, worker)
    assert stored_submission(db, submission)["status"] == "rejected"
    assert stored_task(db, task)["required_workers"] == 1
    approve(buyer, submit(other, task))
    assert coins(db, other) == 10


def test_work_on_a_cancelled_task_is_refunded_to_its_buyer(admin, new_buyer, new_worker, db):
    buyer, worker = new_buyer(100), new_worker()
    task = post_task(buyer, required_workers=1, payable_amount=10)
    submit(worker, task)
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert coins(db, buyer) == 90
    ok(remove(admin, worker))
    assert coins(db, buyer) == 100


@promise(
    "9 DELETE /users/:id",
    "The job rejects pending withdrawals",
    "Completed payments and approved withdrawals stay for the books",
)
def test_pending_withdrawals_are_rejected_and_their_coins_forfeited(admin, new_worker, db):
    worker = new_worker(650)
    paid, *waiting = [withdraw(worker, 200) for _ in range(3)]
    ok(admin.api.put(f"/admin/withdrawals/{paid['_id']}/approve"))
    before = ok(admin.api.get("/admin/audit"))
    ok(remove(admin, worker))
    assert_nothing_left(db, worker)
    after = ok(admin.api.get("/admin/audit"))
    assert after["forfeits"] - before["forfeits"] == 450
    assert before["pending_coins"] - after["pending_coins"] == 400
    assert after["payouts"] == before["payouts"]
    assert stored_withdrawal(db, paid)["status"] == "approved"
    for withdrawal in waiting:
        rejected = stored_withdrawal(db, withdrawal)
        assert rejected["status"] == "rejected" and rejected["rejection_reason"]
        again = admin.api.put(f"/admin/withdrawals/{withdrawal['_id']}/approve")
        assert_error(again, 400, "already_processed")


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
)
def test_no_message_to_others_names_them(admin, new_buyer, new_worker, db):
    """Not even while they are there: nobody could find all of them later."""
    buyer, worker = new_buyer(100), new_worker(200, name=unique("Nameson"))
    submit(worker, post_task(buyer))
    withdraw(worker, 200)
    assert len(told(db, buyer)) == len(told(db, admin)) == 1
    ok(remove(admin, worker))
    assert_nothing_left(db, worker)
    assert len(told(db, buyer)) == len(told(db, admin)) == 1


@promise("9 DELETE /users/:id", "The job forfeits the balance")
def test_the_balance_is_forfeited(admin, new_buyer, db):
    """Open slots and all, in one row of the journal that says who ordered it."""
    buyer = new_buyer(100)
    post_task(buyer, required_workers=2, payable_amount=10)
    before = ok(admin.api.get("/admin/audit"))
    ok(remove(admin, buyer, headers={"X-Request-Id": "the-removal"}))
    after = ok(admin.api.get("/admin/audit"))
    assert after["forfeits"] - before["forfeits"] == 100
    assert before["coins"] - after["coins"] == 80
    assert before["escrow"] - after["escrow"] == 20
    forfeited, refunded, _, _ = ok(admin.api.get("/admin/ledger", params={"user": buyer.id}))[
        "entries"
    ]
    assert (forfeited["_id"], forfeited["kind"]) == (f"forfeit:{buyer.id}", "forfeit")
    assert (forfeited["from"], forfeited["to"]) == (f"user:{buyer.id}", "forfeits")
    assert (forfeited["coins"], refunded["coins"]) == (100, 20)
    for entry in (forfeited, refunded):
        assert (entry["actor"], entry["request_id"]) == (admin.id, "the-removal")


def test_a_user_without_coins_forfeits_nothing(admin, new_worker, db):
    worker = new_worker(0)
    ok(remove(admin, worker))
    assert db.ledger.count_documents({"user": ObjectId(worker.id)}) == 0


@promise("9 DELETE /users/:id", "The job forfeits the balance")
@pytest.mark.parametrize("earned", [0, 30])
def test_who_was_restored_from_a_backup_is_removed_again(stack, admin, new_buyer, db, earned):
    """What was forfeited is so once: the journal tells what they have."""
    buyer = new_buyer(100)
    stored_before = stored_user(db, buyer)
    ok(remove(admin, buyer))
    assert stored_user(db, buyer) is None
    db.meta.delete_one({"_id": ObjectId(buyer.id)})  # … a minute later
    del stored_before["adopted"]
    db.users.insert_one(stored_before)
    assert stack.ctl("init-db").returncode == 0
    if earned:
        path = f"/admin/users/{buyer.id}/adjust"
        ok(admin.api.post(path, json={"coins": earned, "reason": "Earned since"}))
    ok(remove(admin, buyer))
    assert stored_user(db, buyer) is None
    rows = db.ledger.find({"user": ObjectId(buyer.id), "kind": "forfeit"}).sort("at", 1)
    assert [row["coins"] for row in rows] == ([100, earned] if earned else [100])


def record_of(user, owner, **fields):
    return {
        f"{owner}_id": ObjectId(user.id),
        f"{owner}_name": user.name,
        f"{owner}_email": user.email,
        "createdAt": now(),
        "adopted": 1,
        **fields,
    }


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
    "Completed payments and approved withdrawals stay for the books",
)
def test_what_is_kept_has_no_name_and_no_email(admin, new_worker, new_buyer, db):
    """In whichever role they came by it. Completed payments and approved withdrawals stay for the
    books, with all that is in them.
    """
    user, buyer, worker = new_worker(), new_buyer(100), new_worker()
    done = submit(user, post_task(buyer, required_workers=1))
    approve(buyer, done)
    ok(admin.api.put(f"/admin/users/{user.id}/role", json={"role": "buyer"}))
    db.users.update_one({"_id": ObjectId(user.id)}, {"$inc": {"coins": Int64(20)}})
    db.ledger.insert_one(
        {
            "_id": f"test:{user.id}",
            "from": "opening",
            "to": f"user:{user.id}",
            "coins": Int64(20),
            "kind": "opening",
            "user": ObjectId(user.id),
            "at": now(),
        }
    )
    mine = submit(worker, post_task(user, required_workers=1))
    approve(user, mine)
    payment = record_of(user, "buyer", price=10, coin_amount=Int64(150), status="completed")
    withdrawal = record_of(user, "worker", withdrawal_coin=Int64(200), status="approved")
    db.payments.insert_one(payment)
    db.withdrawals.insert_one(withdrawal)
    try:
        ok(remove(admin, user))
        assert_nothing_left(db, user)
        by_them, to_them = stored_submission(db, done), stored_submission(db, mine)
        assert (by_them["worker_name"], by_them["worker_email"]) == (DELETED, deleted_email(user))
        assert (by_them["buyer_name"], by_them["buyer_email"]) == (buyer.name, buyer.email)
        assert (to_them["buyer_name"], to_them["buyer_email"]) == (DELETED, deleted_email(user))
        assert (to_them["worker_name"], to_them["worker_email"]) == (worker.name, worker.email)
        for collection, record, owner in (
            ("payments", payment, "buyer"),
            ("withdrawals", withdrawal, "worker"),
        ):
            kept = db[collection].find_one({"_id": record["_id"]})
            assert kept == {
                **record,
                f"{owner}_name": DELETED,
                f"{owner}_email": deleted_email(user),
                "createdAt": kept["createdAt"],
            }
    finally:
        db.payments.delete_one({"_id": payment["_id"]})
        db.withdrawals.delete_one({"_id": withdrawal["_id"]})


@promise(
    "9 DELETE /users/:id",
    "The job forfeits the balance",
    "Completed payments and approved withdrawals stay for the books",
)
def test_coins_bought_are_forfeited_and_the_payment_stays(admin, new_buyer, db):
    buyer = new_buyer(0)
    paid = ok(buyer.api.post("/payments/dummy-payment", json={"coins": 150}), 201)["payment"]
    sold = ok(admin.api.get("/admin/stats"))["totalPaymentAmount"]
    ok(remove(admin, buyer))
    assert_nothing_left(db, buyer)
    kept = db.payments.find_one({"_id": ObjectId(paid["_id"])})
    assert (kept["status"], kept["price"], kept["coin_amount"]) == ("completed", 10, 150)
    assert ok(admin.api.get("/admin/stats"))["totalPaymentAmount"] == sold
    assert db.ledger.find_one({"_id": f"forfeit:{buyer.id}"})["coins"] == 150


@promise("9 DELETE /users/:id", "The job removes the user's notifications and the user document")
def test_what_is_the_users_alone_is_removed(admin, new_buyer, new_worker, db):
    """Their notifications and kept answers; nobody else's."""
    buyer, worker = new_buyer(100), new_worker()
    body = task_input(required_workers=2)
    made = buyer.api.post("/tasks", json=body, headers={"Idempotency-Key": unique("key")})
    approve(buyer, submit(worker, ok(made, 201)["task"]))
    assert len(told(db, buyer)) == len(told(db, worker)) == 1
    assert db.idempotency.count_documents({"user_id": ObjectId(buyer.id)}) == 1
    ok(remove(admin, buyer))
    assert_nothing_left(db, buyer)
    assert told(db, buyer) == []
    assert [notification["type"] for notification in told(db, worker)] == ["approval"]


@promise("9 DELETE /users/:id", "The e-mail may register again and sees none of it")
def test_the_email_registers_again_and_sees_none_of_it(admin, api, new_buyer, new_worker, db):
    buyer, worker = new_buyer(100), new_worker(200)
    task = post_task(buyer, required_workers=3)
    approve(buyer, submit(worker, task))
    withdraw(worker, 200)
    assert ok(worker.api.get("/notifications"))
    ok(remove(admin, worker))
    body = register_input(email=worker.email.capitalize(), name=worker.name)
    again = ok(api.post("/auth/register", json=body), 201)
    fresh = api.as_user(again["token"])
    assert again["user"]["_id"] != worker.id and again["user"]["coins"] == 10
    assert_error(worker.api.get("/auth/me"), 401, "unauthorized")
    assert ok(fresh.get("/submissions/worker/my-submissions"))["total"] == 0
    assert ok(fresh.get("/submissions/worker/approved"))["totalEarnings"] == 0
    assert ok(fresh.get("/withdrawals/worker/history"))["total"] == 0
    assert ok(fresh.get("/notifications")) == []
    assert task["_id"] in ids(ok(fresh.get("/tasks", params={"limit": 100}))["tasks"])
    hand_in = {"task_id": task["_id"], "submission_details": "New here."}
    ok(fresh.post("/submissions", json=hand_in), 201)


# --- beside everything else ---


def alternating(*lists):
    return [call for calls in itertools.zip_longest(*lists) for call in calls if call]


def removed_in_the_end(stack, db, user):
    def gone():
        stack.ctl("sweep")
        return stored_user(db, user) is None

    eventually(gone, within=90, every=0.2)
    look_again(stack, db, user)
    assert_nothing_left(db, user)


def look_again(stack, db, user):
    """A minute later: what calls left behind that were under way is cleared, too."""
    past = now() - datetime.timedelta(minutes=1)
    db.meta.update_one({"_id": ObjectId(user.id)}, {"$set": {"removed_at": past}})
    sweep(stack)
    assert db.meta.find_one({"_id": ObjectId(user.id)}) is None


REFUSALS = {
    "unauthorized",
    "forbidden",
    "not_found",
    "conflict",
    "already_processed",
    "insufficient_coins",
    "no_open_slot",
    "already_submitted",
    "invalid_input",
}


@promise("9 DELETE /users/:id", "The job cancels open tasks")
@pytest.mark.parametrize("when", ["first", "amid"])
def test_a_buyer_is_removed_amid_all_they_do_and_others_do_with_them(
    stack, db, admin, new_admin, new_buyer, new_worker, when
):
    buyer, workers = new_buyer(2000), [new_worker() for _ in range(20)]
    busy = [post_task(buyer, required_workers=20, payable_amount=5) for _ in range(3)]
    waiting = [submit(worker, busy[0]) for worker in workers[:10]]
    removing = [
        Call("DELETE", f"/admin/users/{buyer.id}", one.token) for one in (admin, new_admin())
    ]
    doing = alternating(
        [Call("POST", "/tasks", buyer.token, task_input(payable_amount=5)) for _ in range(12)],
        [Call("POST", f"/tasks/{busy[1]['_id']}/slots", buyer.token, {"delta": 1})] * 6,
        [submitting(worker, busy[1]) for worker in workers[:10]],
        [submitting(worker, busy[2]) for worker in workers[10:]],
        [reviewing(buyer, submission, "approve") for submission in waiting[:5]],
        [reviewing(admin, submission, "reject") for submission in waiting[5:]],
        [Call("DELETE", f"/tasks/{busy[2]['_id']}", buyer.token)] * 2,
        [Call("POST", "/payments/dummy-payment", buyer.token, {"coins": 10})] * 6,
        [Call("PUT", "/auth/profile", buyer.token, {"name": f"{buyer.name} again"})] * 2,
    )
    calls = removing + doing if when == "first" else alternating(doing, [None] * 12 + removing)
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, 201} | REFUSALS, outcomes(answers)
    removed_in_the_end(stack, db, buyer)
    for answer in answers:
        if answer.status == 201 and "task" in answer.body:
            assert stored_task(db, answer.body["task"])["status"] == "cancelled"


@promise("9 DELETE /users/:id", "The job rejects pending submissions by the user")
@pytest.mark.parametrize("when", ["first", "amid"])
def test_a_worker_is_removed_amid_all_they_do_and_others_do_with_them(
    stack, db, admin, new_admin, new_buyer, new_worker, when
):
    worker, buyers = new_worker(2000), [new_buyer(1000) for _ in range(4)]
    held = [withdraw(worker, 200) for _ in range(6)]
    tasks = [post_task(buyer, required_workers=3) for buyer in buyers for _ in range(10)]
    done = [submit(worker, task) for task in tasks[:20]]
    removing = [
        Call("DELETE", f"/admin/users/{worker.id}", one.token) for one in (admin, new_admin())
    ]
    doing = alternating(
        [submitting(worker, task) for task in tasks[20:]],
        [reviewing(buyers[i // 10], done[i], "approve") for i in range(10)],
        [reviewing(buyers[i // 10], done[i], "reject") for i in range(10, 18)],
        [Call("DELETE", f"/tasks/{task['_id']}", buyers[1].token) for task in tasks[15:20]],
        [withdrawing(worker)] * 6,
        [deciding(admin, held[i], "approve" if i % 2 else "reject") for i in range(6)],
        [Call("POST", "/auth/logout", worker.token)],
    )
    calls = removing + doing if when == "first" else alternating(doing, [None] * 12 + removing)
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, 201} | REFUSALS, outcomes(answers)
    removed_in_the_end(stack, db, worker)
    for submission in done:
        assert stored_submission(db, submission)["status"] in ("approved", "rejected")
    for withdrawal in held:
        assert stored_withdrawal(db, withdrawal)["status"] in ("approved", "rejected")


def test_users_who_have_to_do_with_each_other_are_removed_at_once(
    stack, db, admin, new_buyer, new_worker
):
    buyers, workers = [new_buyer(1000) for _ in range(4)], [new_worker(300) for _ in range(4)]
    for buyer in buyers:
        task = post_task(buyer, required_workers=6, payable_amount=10)
        gone = post_task(buyer, required_workers=4, payable_amount=10)
        for worker in workers:
            submit(worker, task)
            submit(worker, gone)
        ok(buyer.api.delete(f"/tasks/{gone['_id']}"))
    for worker in workers:
        withdraw(worker)
    calls = [Call("DELETE", f"/admin/users/{user.id}", admin.token) for user in buyers + workers]
    assert outcomes(at_once(stack, calls)) == {200: 8}
    for user in buyers + workers:
        removed_in_the_end(stack, db, user)
    forfeited = [db.ledger.find_one({"_id": f"forfeit:{buyer.id}"}) for buyer in buyers]
    assert [entry["coins"] for entry in forfeited] == [1000] * 4


def credit(stack, user, over):
    """Coins that come in whatever the user does, as others' calls bring them, until nobody is there
    to have them.
    """
    one = {"_id": ObjectId(user.id)}
    row = {"from": "sales", "to": f"user:{user.id}", "kind": "purchase"}

    def deposit(session):
        paid = stack.db.users.update_one(one, {"$inc": {"coins": Int64(1)}}, session=session)
        if paid.matched_count:
            stack.db.ledger.insert_one({**row, "coins": Int64(1), "at": now()}, session=session)
        return paid.matched_count

    with stack.mongo.start_session() as session:
        while session.with_transaction(deposit) and not over.is_set():
            time.sleep(0.002)


@promise("9 DELETE /users/:id", "The job forfeits the balance")
def test_coins_that_come_in_amid_a_removal_are_forfeited_too(stack, db, admin, new_buyer):
    over = threading.Event()
    for _ in range(5):
        buyer = new_buyer(10)
        thread = threading.Thread(target=credit, args=(stack, buyer, over))
        thread.start()
        try:
            ok(remove(admin, buyer))
            removed_in_the_end(stack, db, buyer)
        finally:
            over.set()
            thread.join()
        over.clear()


@promise("9 DELETE /users/:id", "Meanwhile a repeat answers 200 and the e-mail is taken")
def test_many_removals_of_one_user_at_once_are_one(
    stack, db, admin, new_admin, new_buyer, new_worker
):
    buyer, workers = new_buyer(1000), [new_worker() for _ in range(3)]
    tasks = [post_task(buyer, required_workers=5, payable_amount=5) for _ in range(20)]
    for task in tasks:
        for worker in workers:
            submit(worker, task)
    calls = [
        Call("DELETE", f"/admin/users/{buyer.id}", one.token)
        for one in (admin, new_admin())
        for _ in range(25)
    ]
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, "not_found"}
    removed_in_the_end(stack, db, buyer)
    assert db.ledger.count_documents({"_id": f"forfeit:{buyer.id}"}) == 1
    assert all(len(told(db, worker)) == 20 for worker in workers), "told once of each"


# --- many records, and being killed ---


def busy_user(stack, open_tasks, work_to_them, work_by_them):
    """A user with so many open records, made in the database as adoption leaves such: their work is
    on another's tasks, and one worker has handed in all the work on theirs.
    """
    db, soon = stack.db, now() + datetime.timedelta(days=5)
    user = stack.user("buyer", 100, open_tasks=open_tasks, pending_submissions=work_by_them)
    other = stack.user("buyer", 0, open_tasks=work_by_them)
    worker = stack.user("worker", 0, pending_submissions=work_to_them)
    tasks, submissions, ledger = [], [], []

    def add_task(buyer):
        task = record_of(buyer, "buyer", _id=ObjectId(), task_title="Old", task_detail="Old")
        task.update(submission_info="Old", payable_amount=Int64(5), required_workers=Int64(1))
        task.update(completion_date=soon, expires_at=soon, status="active", rev=Int64(0), pending=0)
        tasks.append(task)
        return task

    def add_work(by, task, buyer):
        work = record_of(by, "worker", _id=ObjectId(), task_id=task["_id"], task_title="Old")
        work.update(record_of(buyer, "buyer", payable_amount=Int64(5), status="pending"))
        task["pending"] += 1
        submissions.append(work)

    own = [add_task(user) for _ in range(open_tasks)]
    for i in range(work_to_them):
        add_work(worker, own[i % open_tasks], user)
    for _ in range(work_by_them):
        add_work(user, add_task(other), other)
    for task in tasks:
        held = Int64(5 * (task["required_workers"] + task.pop("pending")))
        entry = {"_id": f"opening:task:{task['_id']}", "from": "opening", "coins": held}
        entry.update(to=f"escrow:{task['_id']}", kind="opening", task=task["_id"], at=now())
        ledger.append(entry)
    db.tasks.insert_many(tasks)
    db.submissions.insert_many(submissions)
    db.ledger.insert_many(ledger)
    return user, worker


def commits_so_far(stack):
    return stack.mongo.admin.command("serverStatus")["transactions"]["totalCommitted"]


@promise("9 DELETE /users/:id", "10 s for a thousand records")
def test_a_thousand_records_take_10_seconds_at_most(stack, db, admin):
    """As a rule it is done within the call, else a repeat goes on. What takes the time is waiting for the disk at each
    commit: a busy machine may take longer than 10 s for as many as these, and there are no more.
    """
    user, worker = busy_user(stack, open_tasks=330, work_to_them=340, work_by_them=330)
    with stack.sweep_paused():
        before = commits_so_far(stack)
        eventually(lambda: ok(remove(admin, user)) and not stored_user(db, user), within=120)
        assert commits_so_far(stack) - before < 90, "sixteen records in each"
    assert_nothing_left(db, user)
    assert len(told(db, worker)) == 340


def removing_in_the_background(admin, user):
    def call():
        with contextlib.suppress(httpx.TransportError):
            remove(admin, user)

    thread = threading.Thread(target=call)
    thread.start()
    return thread


@promise("2 The books", "The sums agree also after `kill -9` of a worker at any point")
@promise("9 DELETE /users/:id", "A resumable job goes on, whatever is killed")
@pytest.mark.parametrize("seconds", [0.1, 0.4])
def test_a_removal_whose_worker_is_killed_is_finished_by_the_sweep(stack, db, admin, seconds):
    user, worker = busy_user(stack, open_tasks=150, work_to_them=150, work_by_them=100)
    call = removing_in_the_background(admin, user)
    eventually(lambda: "closing" in (stored_user(db, user) or {"closing": True}), every=0.005)
    time.sleep(seconds)
    for pid in stack.worker_pids():
        os.kill(pid, signal.SIGKILL)
    call.join()
    removed_in_the_end(stack, db, user)
    assert len(told(db, worker)) == 150, "each told once"


@promise("2 The books", "The sums agree also after `kill -9` of a sweep")
@promise("9 DELETE /users/:id", "A resumable job goes on, whatever is killed")
def test_a_sweep_killed_amid_a_removal_is_finished_by_the_next(stack, db, admin):
    user, _ = busy_user(stack, open_tasks=100, work_to_them=100, work_by_them=100)
    db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"closing": True}})
    for seconds in (0.05, 0.1, 0.2):
        with contextlib.suppress(subprocess.TimeoutExpired):
            stack.ctl("sweep", timeout=seconds)  # then it is killed
    removed_in_the_end(stack, db, user)


def test_work_that_cannot_be_rejected_is_not_left_behind(stack, db, admin):
    """Its escrow would be nobody's. It holds up nothing else."""
    user, worker = busy_user(stack, open_tasks=2, work_to_them=5, work_by_them=0)
    mine = {"buyer_id": ObjectId(user.id)}
    odd = db.submissions.find_one_and_update(mine, {"$set": {"worker_id": ObjectId()}})
    try:
        ok(remove(admin, user))
        assert stored_user(db, user)["closing"] is True
        assert coins(db, user) == 130, "two open slots and four works; the fifth stays in escrow"
        assert len(told(db, worker)) == 4
    finally:
        one = {"_id": odd["_id"]}
        db.submissions.update_one(one, {"$set": {"worker_id": ObjectId(worker.id)}})
    removed_in_the_end(stack, db, user)


@promise(
    "9 DELETE /users/:id",
    "The job turns name and e-mail in kept records into `Deleted user` and `deleted-<id>@invalid`",
)
def test_what_a_call_under_way_left_behind_is_cleared_a_minute_later(stack, db, admin, new_buyer):
    """A call that began before the removal may end after it."""
    buyer = new_buyer()
    ok(remove(admin, buyer))
    late = record_of(buyer, "buyer", price=1, coin_amount=Int64(10), status="pending")
    db.payments.insert_one(late)
    db.notifications.insert_one(
        {"user_id": ObjectId(buyer.id), "toEmail": buyer.email, "message": "Late"}
    )
    try:
        assert db.meta.find_one({"_id": ObjectId(buyer.id)})
        look_again(stack, db, buyer)
        assert_nothing_left(db, buyer)
    finally:
        db.payments.delete_one({"_id": late["_id"]})
