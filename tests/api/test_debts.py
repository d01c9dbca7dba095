"""Contract, section 7: what somebody owes for a payment that went back is paid by whatever coins come
to them next, in the same transaction, however they come; meanwhile they can neither withdraw nor post.

The debts are put into the database here; test_reversals.py has how they come about.
"""

import pytest
from bson import Int64, ObjectId

from client import assert_error, eventually, ok, task_input, unique
from market import (
    approve,
    coins,
    pass_deadline,
    post_task,
    reject,
    stored_task,
    stored_user,
    submit,
    withdraw,
)
from promises import promise
from wire import at_once, outcomes, reviewing

pytestmark = pytest.mark.usefixtures("books", "counters")
CLIENTS = 50


def owe(db, user, debt):
    """What is left of the coins goes with it: nobody has coins and owes some."""
    have = coins(db, user)
    if have:
        db.ledger.insert_one(
            {
                "_id": unique("tests:"),
                "from": f"user:{user.id}",
                "to": "reversals",
                "coins": Int64(have),
                "kind": "reversal",
                "user": ObjectId(user.id),
                "actor": "service",
                "request_id": "tests",
                "at": stored_user(db, user)["createdAt"],
            }
        )
    change = {"coins": Int64(0), "owed_coins": Int64(debt)}
    db.users.update_one({"_id": ObjectId(user.id)}, {"$set": change})


def assert_paid(db, user, came, debt):
    """The debt was paid first, in the journal, too."""
    paid = min(came, debt)
    stored = stored_user(db, user)
    assert (stored["coins"], stored["owed_coins"]) == (came - paid, debt - paid)
    assert type(stored["owed_coins"]) is Int64
    rows = list(db.ledger.find({"user": ObjectId(user.id), "kind": "repayment"}))
    assert sum(row["coins"] for row in rows) == paid
    assert all((row["from"], row["to"]) == (f"user:{user.id}", "reversals") for row in rows)
    for row in rows:
        before = db.ledger.find_one({"_id": row["_id"].removeprefix("repay:")})
        assert before["to"] == f"user:{user.id}" and before["coins"] >= row["coins"]


# --- how coins come ---


def work(new_buyer, worker, price=50):
    buyer = new_buyer(1000)
    return buyer, submit(worker, post_task(buyer, required_workers=2, payable_amount=price))


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
@pytest.mark.parametrize("debt", [1, 30, 50, 80])
def test_a_reward_pays_the_debt_first(db, new_buyer, worker, debt):
    buyer, submission = work(new_buyer, worker)
    owe(db, worker, debt)
    answer = approve(buyer, submission)
    assert answer["coinsAdded"] == 50
    assert answer["workerNewBalance"] == max(0, 50 - debt) == coins(db, worker)
    assert_paid(db, worker, 50, debt)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_a_reward_among_many_pays_the_debt_first(db, new_buyer, worker):
    buyer, submission = work(new_buyer, worker)
    owe(db, worker, 30)
    body = {"ids": [submission["_id"]], "status": "approved"}
    assert ok(buyer.api.post("/submissions/review", json=body))["results"][0]["ok"]
    assert_paid(db, worker, 50, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_work_that_the_service_approves_pays_the_debt_first(stack, db, new_buyer, worker):
    _, submission = work(new_buyer, worker)
    owe(db, worker, 30)
    old = stored_user(db, worker)["createdAt"].replace(year=2020)
    db.submissions.update_one(
        {"_id": ObjectId(submission["_id"])}, {"$set": {"submitted_date": old}}
    )
    done = stack.ctl("sweep", env={"REVIEW_DAYS": "365"})
    assert done.returncode == 0, done.stderr
    assert_paid(db, worker, 50, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_the_refund_of_rejected_work_pays_the_debt_first(db, new_buyer, worker):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=1, payable_amount=50)
    submission = submit(worker, task)
    owe(db, buyer, 30)
    pass_deadline(db, task)
    reject(buyer, submission)
    assert_paid(db, buyer, 50, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_slots_given_back_pay_the_debt_first(db, new_buyer):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=2, payable_amount=50)
    owe(db, buyer, 30)
    answer = ok(buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": -1}))
    assert answer["remainingCoins"] == 20
    assert_paid(db, buyer, 50, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
@pytest.mark.parametrize("by", ["owner", "admin"])
def test_the_refund_of_a_cancelled_task_pays_the_debt_first(db, new_buyer, admin, by):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=2, payable_amount=50)
    owe(db, buyer, 130)
    who, path = (buyer, "/tasks") if by == "owner" else (admin, "/admin/tasks")
    assert ok(who.api.delete(f"{path}/{task['_id']}"))["refundedAmount"] == 100
    assert_paid(db, buyer, 100, 130)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_the_refund_at_a_deadline_pays_the_debt_first(stack, db, new_buyer):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=2, payable_amount=50)
    owe(db, buyer, 30)
    pass_deadline(db, task)
    done = stack.ctl("sweep")
    assert done.returncode == 0, done.stderr
    eventually(lambda: stored_task(db, task)["required_workers"] == 0, within=30)
    assert_paid(db, buyer, 100, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_a_rejected_withdrawals_coins_pay_the_debt_first(db, new_worker, admin):
    worker = new_worker(200)
    withdrawal = withdraw(worker, 200)
    owe(db, worker, 30)
    ok(admin.api.put(f"/withdrawals/{withdrawal['_id']}/reject"))
    assert_paid(db, worker, 200, 30)
    assert stored_user(db, worker)["pending_coins"] == 0


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_coins_that_are_bought_pay_the_debt_first(db, new_buyer):
    buyer = new_buyer(0)
    owe(db, buyer, 30)
    answer = ok(buyer.api.post("/payments/dummy-payment", json={"coins": 150}), 201)
    assert answer["newBalance"] == 120
    assert_paid(db, buyer, 150, 30)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_a_removed_buyers_refunds_pay_the_debt_first(db, new_buyer, admin):
    """They come in groups of a transaction each; what is left is forfeited."""
    buyer = new_buyer(1000)
    for _ in range(4):
        post_task(buyer, required_workers=1, payable_amount=50)
    owe(db, buyer, 120)
    ok(admin.api.delete(f"/admin/users/{buyer.id}"))
    eventually(lambda: not db.users.find_one({"_id": ObjectId(buyer.id)}), within=60)
    rows = list(db.ledger.find({"user": ObjectId(buyer.id)}))
    assert sum(row["coins"] for row in rows if row["kind"] == "repayment") == 120
    assert [row["coins"] for row in rows if row["kind"] == "forfeit"] == [80]


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
def test_a_debt_is_paid_once_however_many_rewards_come_at_once(stack, db, new_buyer, worker):
    buyer = new_buyer(1000)
    pending = [
        submit(worker, post_task(buyer, required_workers=1, payable_amount=10))
        for _ in range(CLIENTS)
    ]
    owe(db, worker, 95)
    answers = at_once(stack, [reviewing(buyer, one, "approve") for one in pending])
    assert outcomes(answers) == {200: CLIENTS}
    assert_paid(db, worker, 10 * CLIENTS, 95)


def test_coins_of_every_size_that_come_at_once_pay_a_debt_once(stack, db, new_buyer, worker):
    """However often the debt changes under them, none of them fails."""
    buyer = new_buyer(5000)
    prices = [1 + number * 7 % 60 for number in range(CLIENTS)]
    pending = [
        submit(worker, post_task(buyer, required_workers=1, payable_amount=price))
        for price in prices
    ]
    owe(db, worker, 395)
    answers = at_once(stack, [reviewing(buyer, one, "approve") for one in pending])
    assert outcomes(answers) == {200: CLIENTS}
    assert_paid(db, worker, sum(prices), 395)


@promise("7 Money that goes back", "Coins that come to them pay it first, in the same transaction")
@pytest.mark.parametrize("command", ["commitTransaction", "insert", "findAndModify"])
def test_a_transaction_that_is_run_again_pays_a_debt_once(stack, db, new_buyer, worker, command):
    """A reward, slots given back, and the deadlines of several tasks in one transaction."""
    buyer = new_buyer(1000)
    tasks = [post_task(buyer, required_workers=3, payable_amount=50) for _ in range(3)]
    submission = submit(worker, tasks[0])
    owe(db, worker, 30)
    owe(db, buyer, 130)

    def conflicting(times=2):
        label, fails = "TransientTransactionError", {"failCommands": [command], "errorCode": 112}
        stack.fail_point(
            "failCommand", {"times": times}, appName="microtask", errorLabels=[label], **fails
        )

    try:
        conflicting()
        assert approve(buyer, submission)["workerNewBalance"] == 20
        conflicting()
        path = f"/tasks/{tasks[0]['_id']}/slots"
        assert ok(buyer.api.post(path, json={"delta": -1}))["remainingCoins"] == 0
        conflicting()
        for task in tasks[1:]:  # only now: the stack sweeps by itself, too, whenever it likes
            pass_deadline(db, task)
        assert stack.ctl("sweep").returncode == 0
    finally:
        stack.fail_point("failCommand", "off")
    eventually(lambda: not any(stored_task(db, task)["required_workers"] for task in tasks[1:]), within=30)
    assert_paid(db, worker, 50, 30)
    assert_paid(db, buyer, 350, 130)


# --- meanwhile ---


@promise("7 Money that goes back", "Meanwhile they can neither withdraw nor post: 409 `coins_owed`")
def test_who_owes_neither_posts_nor_buys_slots(db, new_buyer):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=1, payable_amount=50)
    owe(db, buyer, 7)
    refused = buyer.api.post("/tasks", json=task_input())
    assert_error(refused, 409, "coins_owed", owed=7)
    refused = buyer.api.post(f"/tasks/{task['_id']}/slots", json={"delta": 1})
    assert_error(refused, 409, "coins_owed", owed=7)
    assert ok(buyer.api.get("/auth/me"))["owed_coins"] == 7
    ok(buyer.api.post("/payments/dummy-payment", json={"coins": 150}), 201)
    ok(buyer.api.post("/tasks", json=task_input()), 201)


@promise("7 Money that goes back", "Meanwhile they can neither withdraw nor post: 409 `coins_owed`")
def test_who_owes_does_not_withdraw(db, new_worker):
    worker = new_worker(1000)
    owe(db, worker, 7)
    body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
    assert_error(worker.api.post("/withdrawals", json=body), 409, "coins_owed", owed=7)
    assert_error(
        worker.api.post("/withdrawals", json={**body, "withdrawal_coin": 10}), 400, "below_minimum"
    )


@promise("7 Money that goes back", "Meanwhile they can neither withdraw nor post: 409 `coins_owed`")
def test_a_debt_beside_coins_still_guards(db, new_worker, new_buyer):
    """What no transaction of ours leaves, an operator's hand may: the guard stands in the filter."""
    worker, buyer = new_worker(1000), new_buyer(1000)
    for user in (worker, buyer):
        db.users.update_one({"_id": ObjectId(user.id)}, {"$set": {"owed_coins": 5}})
    body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
    assert_error(worker.api.post("/withdrawals", json=body), 409, "coins_owed")
    assert_error(buyer.api.post("/tasks", json=task_input()), 409, "coins_owed")
    db.users.update_many({"owed_coins": 5}, {"$unset": {"owed_coins": ""}})


def test_working_and_reviewing_go_on(db, new_buyer, worker):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=2, payable_amount=50)
    owe(db, buyer, 7)
    owe(db, worker, 20)
    approve(buyer, submit(worker, task))
    assert_paid(db, worker, 50, 20)
