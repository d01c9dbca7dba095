"""Contract, section 9: the numbers, users and tasks that admins see, and tasks taken down."""

import datetime

import pytest
from bson import Int64, ObjectId

from client import (
    UNKNOWN_ID,
    assert_error,
    eventually,
    faults,
    now,
    ok,
    register_input,
    unique,
    unique_email,
)
from market import (
    approve,
    coins,
    ids,
    pass_deadline,
    post_task,
    reject,
    stored_task,
    submit,
    told,
)
from promises import promise
from wire import Call, at_once, outcomes

NUMBERS = {
    "totalWorkers",
    "totalBuyers",
    "totalAdmins",
    "totalTasks",
    "activeTasks",
    "totalSubmissions",
    "pendingSubmissions",
    "totalCoins",
    "totalPaymentAmount",
    "reversedCoins",
    "owedCoins",
    "pendingWithdrawals",
    "pendingReviews",
    "completionRate",
    "weeklyGrowth",
    "platformGrowth",
    "monthlyActiveUsers",
}


def days_ago(days, **more):
    return now() - datetime.timedelta(days=days, **more)


# --- stats ---


def stats(admin):
    return ok(admin.api.get("/admin/stats"))


@pytest.fixture
def changed(admin, stack):
    """changed() tells by how much each number has moved since the last time."""
    assert stack.ctl("sweep").returncode == 0  # what is due from other tests happens now
    last = stats(admin)

    def changed():
        nonlocal last
        said = stats(admin)
        moved = {name: round(said[name] - last[name], 2) for name in NUMBERS}
        last = said
        rates = {"completionRate", "weeklyGrowth", "platformGrowth"}
        return {name: by for name, by in moved.items() if by and name not in rates}

    return changed


@promise("9 GET /stats", "For admins: all the numbers named below")
def test_stats_have_all_their_numbers(admin):
    said = stats(admin)
    assert set(said) == NUMBERS
    assert all(type(value) in (int, float) for value in said.values()), said
    counted = NUMBERS - {"completionRate", "weeklyGrowth", "platformGrowth", "totalPaymentAmount"}
    assert all(type(said[name]) is int for name in counted), said


@promise("9 GET /stats", "totalWorkers, totalBuyers, totalAdmins, totalCoins (Σ users.coins)")
def test_users_are_counted_by_role_and_their_coins_added_up(
    changed, new_worker, new_buyer, new_admin, stack, books
):
    new_worker(10), new_worker(7), new_buyer(50)
    assert changed() == {"totalWorkers": 2, "totalBuyers": 1, "totalCoins": 67}
    new_admin()
    assert changed() == {"totalAdmins": 1}


@promise(
    "9 GET /stats",
    "totalTasks (all documents), activeTasks (by status), totalSubmissions, pendingSubmissions",
)
def test_tasks_and_submissions_are_counted(changed, new_buyer, new_worker, books):
    buyer, workers = new_buyer(100), [new_worker() for _ in range(3)]
    changed()
    tasks = [post_task(buyer, required_workers=3, payable_amount=5) for _ in range(2)]
    assert changed() == {"totalTasks": 2, "activeTasks": 2, "totalCoins": -30}
    handed_in = [submit(worker, tasks[0]) for worker in workers]
    assert changed() == {"totalSubmissions": 3, "pendingSubmissions": 3}
    approve(buyer, handed_in[0])
    assert changed() == {"pendingSubmissions": -1, "totalCoins": 5}
    ok(buyer.api.delete(f"/tasks/{tasks[1]['_id']}"))
    assert changed() == {"activeTasks": -1, "totalCoins": 15}, "all documents, cancelled ones too"


@promise("9 GET /stats", "totalPaymentAmount (completed)")
def test_completed_payments_are_added_up_in_dollars(changed, db):
    made = db.payments.insert_many(
        {"buyer_id": ObjectId(), "coin_amount": Int64(1), "status": status, **price}
        for status, price in (
            ("completed", {"price": 10, "amount": 10}),
            ("completed", {"price": 0.1}),
            ("completed", {"amount": 0.2}),  # the older name alone
            ("pending", {"price": 35}),
            ("failed", {"price": 20}),
        )
    ).inserted_ids
    try:
        assert changed() == {"totalPaymentAmount": 10.3}
    finally:
        db.payments.delete_many({"_id": {"$in": made}})


@promise("9 GET /stats", "pendingWithdrawals (rows; also as pendingReviews)")
def test_pending_withdrawals_are_counted_under_both_names(changed, db):
    made = db.withdrawals.insert_many(
        {"worker_id": ObjectId(), "withdrawal_coin": Int64(200), "status": status}
        for status in ("pending", "pending", "approved", "rejected")
    ).inserted_ids
    try:
        assert changed() == {"pendingWithdrawals": 2, "pendingReviews": 2}
    finally:
        db.withdrawals.delete_many({"_id": {"$in": made}})


@promise("9 GET /stats", "monthlyActiveUsers (lastLogin within 30 days)")
def test_users_of_the_last_30_days_are_active(changed, new_worker):
    new_worker(lastLogin=days_ago(29, hours=23))
    new_worker(lastLogin=days_ago(30, minutes=1))
    new_worker()
    assert changed() == {"totalWorkers": 3, "monthlyActiveUsers": 1}


@promise("3 POST /login", "It sets lastLogin")
@promise("9 GET /stats", "monthlyActiveUsers (lastLogin within 30 days)")
def test_a_login_makes_an_active_user(changed, api, new_worker):
    worker = new_worker()
    changed()
    ok(api.post("/auth/login", json={"email": worker.email, "password": worker.password}))
    assert changed() == {"monthlyActiveUsers": 1}


def growth(db, days):
    """In percent, as the contract has it: new users of these days against those of the days
    before.
    """

    def new_users(first, last):
        dates = {"$gt": days_ago(first), "$lte": days_ago(last)}
        return db.users.count_documents({"createdAt": dates, "closing": {"$ne": True}})

    fresh, before = new_users(days, 0), new_users(2 * days, days)
    assert fresh and before, "nothing to compare"
    return (fresh - before) / before * 100


@promise(
    "9 GET /stats",
    "weeklyGrowth (new users, last 7 days against the 7 before, %), platformGrowth (over 30 days)",
)
@pytest.mark.parametrize("name, days", [("weeklyGrowth", 7), ("platformGrowth", 30)])
def test_growth_compares_new_users_with_those_before(admin, db, new_worker, name, days):
    for back in (0, days - 1, days + 1, 2 * days - 1, 2 * days + 1):
        new_worker(createdAt=days_ago(back))
    first = stats(admin)[name]
    assert first == pytest.approx(growth(db, days), abs=0.006)
    new_worker(createdAt=days_ago(days + 2))
    second = stats(admin)[name]
    assert second == pytest.approx(growth(db, days), abs=0.006) and second < first
    assert round(second, 2) == second, "two decimals are enough"


@promise("9 GET /stats", "completionRate (approved ÷ reviewed, %)")
def test_the_completion_rate_is_approved_of_reviewed(admin, db, new_buyer, new_worker, books):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=4)
    approve(buyer, submit(new_worker(), task))
    reject(buyer, submit(new_worker(), task))
    submit(new_worker(), task)
    approved, rejected = (
        db.submissions.count_documents({"status": status}) for status in ("approved", "rejected")
    )
    expected = approved / (approved + rejected) * 100
    assert stats(admin)["completionRate"] == pytest.approx(expected, abs=0.006)


@promise("9 GET /stats", "May be 5 s old beyond 100,000 records")
def test_numbers_of_very_many_records_are_5_seconds_old_at_most(admin, db):
    """Beyond 100,000; each worker process may keep what it counted."""
    owner = ObjectId()
    rows = ({"buyer_id": owner, "status": "failed"} for _ in range(100_001))
    db.payments.insert_many(rows, ordered=False)
    try:
        before = [stats(admin)["totalPaymentAmount"] for _ in range(6)]
        db.payments.insert_one({"buyer_id": owner, "status": "completed", "price": 7})
        # and as old as making them anew takes
        after = [amount + 7 for amount in before]
        eventually(lambda: [stats(admin)["totalPaymentAmount"] for _ in range(6)] == after, within=20)
    finally:
        db.payments.delete_many({"buyer_id": owner})


# --- users ---


def users(admin, **params):
    return ok(admin.api.get("/admin/users", params=params))


@promise("9 GET /users", "For admins: newest first")
def test_users_are_listed_newest_first(admin, new_worker, new_buyer):
    made = [new_worker(), new_buyer(), new_worker()]
    answer = users(admin, limit=3)
    assert ids(answer["users"]) == [user.id for user in reversed(made)]
    assert {"total", "pages", "currentPage", "next"} <= set(answer)
    second = users(admin, limit=1, after=users(admin, limit=1)["next"])
    assert ids(second["users"]) == [made[1].id]


@promise("9 GET /users", "Never the password")
def test_a_listed_user_has_the_fields_of_the_contract_and_never_the_password(admin, api):
    """Nor fields that are the service's own."""
    made = ok(api.post("/auth/register", json=register_input(name="Mia Sim")), 201)["user"]
    [user] = users(admin, q=made["email"])["users"]
    assert (user["_id"], user["name"], user["email"]) == (made["_id"], "Mia Sim", made["email"])
    assert (user["role"], user["coins"], user["pending_coins"]) == ("worker", 10, 0)
    assert {"photoURL", "authProvider", "lastLogin", "createdAt"} <= set(user)
    public = {"_id", "name", "email", "photoURL", "role", "coins", "pending_coins"}
    assert set(user) <= public | {"googleId", "authProvider", "lastLogin", "createdAt"}


@promise("9 GET /users", "`role` filter (empty: all)")
def test_users_are_filtered_by_role(admin, new_worker, new_buyer):
    word = unique("mark")
    worker, buyer = (make(name=f"{word} {i}") for i, make in enumerate((new_worker, new_buyer)))
    for role, expected in (("worker", [worker]), ("buyer", [buyer]), ("admin", [])):
        answer = users(admin, q=word, role=role)
        assert (ids(answer["users"]), answer["total"]) == (
            [user.id for user in expected],
            len(expected),
        )
    assert ids(users(admin, q=word, role="")["users"]) == [buyer.id, worker.id], "empty: all"
    assert all(user["role"] == "admin" for user in users(admin, role="admin")["users"])
    refused = admin.api.get("/admin/users", params={"role": "root"})
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["role"]


@promise("9 GET /users", "`q` on name or email")
def test_q_is_a_part_of_name_or_email_in_any_case(admin, new_worker):
    word = unique("needle")
    named = new_worker(name=f"Ana {word.upper()} Öz")
    mailed = new_worker(email=unique_email(f"post.{word}"))
    new_worker()
    assert ids(users(admin, q=word)["users"]) == [mailed.id, named.id]
    assert ids(users(admin, q=f"NA {word}")["users"]) == [named.id]
    assert ids(users(admin, q=f"{word} öz")["users"]) == [named.id]
    assert ids(users(admin, q=f"T.{word}")["users"]) == [mailed.id]
    assert users(admin, q=f"x{word}")["users"] == []


PATTERNS = [".*", "a+b", "(", "[a-z]", "^", "$", "\\d", "a|b", "{2}", "*", "?", "\\", "'\"", "a\nb"]


@promise("9 GET /users", "`q` on name or email")
@pytest.mark.parametrize("text", PATTERNS)
def test_nothing_in_q_is_a_pattern(admin, new_worker, text):
    word = unique("literal")
    worker = new_worker(name=f"{word}{text}z")
    new_worker(name=f"{word}aab1b z")
    assert ids(users(admin, q=f"{word}{text}z")["users"]) == [worker.id]


@promise("9 GET /users", "Without those being removed")
def test_users_being_removed_are_not_listed(admin, new_worker, db):
    word = unique("leaving")
    staying, leaving = new_worker(name=word), new_worker(name=word)
    db.users.update_one({"_id": ObjectId(leaving.id)}, {"$set": {"closing": True}})
    answer = users(admin, q=word)
    assert (ids(answer["users"]), answer["total"]) == ([staying.id], 1)


# --- tasks ---


def tasks(admin, **params):
    return ok(admin.api.get("/admin/tasks", params=params))


@promise(
    "9 Tasks",
    "GET /tasks, for admins: all tasks but cancelled ones, newest first, each with `submissionCount`",
)
def test_all_tasks_but_cancelled_ones_are_listed_newest_first(
    admin, new_buyer, new_worker, db, stack, books
):
    buyers = [new_buyer(100), new_buyer(100)]
    made = [post_task(buyer, required_workers=2) for buyer in buyers * 2]
    for worker in (new_worker(), new_worker()):
        approve(buyers[0], submit(worker, made[0]))
    reject(buyers[1], submit(new_worker(), made[1]))
    ok(buyers[0].api.delete(f"/tasks/{made[2]['_id']}"))
    pass_deadline(db, made[3])
    answer = tasks(admin, limit=3)
    assert ids(answer["tasks"]) == [made[i]["_id"] for i in (3, 1, 0)]
    assert [task["submissionCount"] for task in answer["tasks"]] == [0, 1, 2], "of any status"
    assert [task["buyer_email"] for task in answer["tasks"]] == [
        buyers[1].email,
        buyers[1].email,
        buyers[0].email,
    ]
    assert set(made[0]) <= set(answer["tasks"][0])
    assert stack.ctl("sweep").returncode == 0


@promise("4 Fields", "status is active|completed|cancelled")
@promise("9 Tasks", "`status` filters, cancelled included")
def test_tasks_are_filtered_by_status_cancelled_included(admin, new_buyer, new_worker, books):
    buyer = new_buyer(100)
    active, completed, cancelled = (post_task(buyer, required_workers=1) for _ in range(3))
    approve(buyer, submit(new_worker(), completed))
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    for status, task in (("active", active), ("completed", completed), ("cancelled", cancelled)):
        answer = tasks(admin, status=status, limit=100)
        assert answer["tasks"][0]["_id"] == task["_id"]
        assert {one["status"] for one in answer["tasks"]} == {status}
    assert ids(tasks(admin, status="", limit=2)["tasks"]) == [completed["_id"], active["_id"]]
    refused = admin.api.get("/admin/tasks", params={"status": "open"})
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["status"]


@promise("9 Tasks", "DELETE /tasks/:id, for admins: as the owner's delete")
def test_an_admin_cancels_anyones_task_as_its_owner_would(
    admin, new_buyer, new_worker, db, books
):
    buyer, worker = new_buyer(100), new_worker()
    task = post_task(buyer, required_workers=4, payable_amount=10)
    submission = submit(worker, task)
    answer = ok(admin.api.delete(f"/admin/tasks/{task['_id']}"))
    assert answer["message"] and answer["refundedAmount"] == 30
    assert coins(db, buyer) == 90
    assert stored_task(db, task)["status"] == "cancelled"
    assert_error(buyer.api.get(f"/tasks/{task['_id']}"), 404, "not_found")
    assert_error(admin.api.delete(f"/admin/tasks/{task['_id']}"), 404, "not_found")
    approve(buyer, submission)
    assert coins(db, worker) == 10, "what was pending kept its escrow"


@promise(
    "8 What is told, to whom",
    "To the buyer: task removed by an admin",
    "actionRoute of a buyer: `/dashboard/buyer/{home,my-tasks,review,payment-history}`",
    "Icons by words in the message: task",
)
@promise("8 The calls", "type is approval|rejection|withdrawal|submission|task|payment")
@promise("9 Tasks", "The buyer is told")
def test_the_buyer_is_told_of_a_task_taken_down(admin, new_buyer, db, books):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=2, payable_amount=10, task_title="Count the birds")
    ok(admin.api.delete(f"/admin/tasks/{task['_id']}"))
    [notification] = told(db, buyer)
    assert (notification["type"], notification["actionRoute"]) == (
        "task",
        "/dashboard/buyer/my-tasks",
    )
    assert "Count the birds" in notification["message"] and "20" in notification["message"]
    assert "task" in notification["message"], "the front end picks its icon by this word"
    assert (notification["isRead"], notification["archived"]) == (False, False)


def test_nobody_is_told_of_what_they_did_themselves(new_buyer, db, books):
    buyer = new_buyer(100)
    ok(buyer.api.delete(f"/tasks/{post_task(buyer)['_id']}"))
    assert told(db, buyer) == []


def test_a_task_that_is_not_there_cannot_be_taken_down(admin):
    assert_error(admin.api.delete(f"/admin/tasks/{UNKNOWN_ID}"), 404, "not_found")
    assert_error(admin.api.delete("/admin/tasks/42"), 400, "invalid_id")


@promise("1 Idempotency-Key", "It is honoured on the DELETEs of section 9")
def test_a_key_makes_a_repeat_of_taking_down_answer_the_same(admin, new_buyer, db, books):
    buyer = new_buyer(100)
    path = f"/admin/tasks/{post_task(buyer)['_id']}"
    headers = {"Idempotency-Key": unique("key")}
    first, second = (admin.api.delete(path, headers=headers) for _ in range(2))
    assert ok(first) == ok(second)
    assert second.headers["idempotent-replayed"] == "true"
    assert len(told(db, buyer)) == 1


@promise("9 Tasks", "DELETE /tasks/:id, for admins: as the owner's delete")
def test_owner_and_admins_at_once_cancel_once(stack, db, new_buyer, new_admin, books):
    buyer, admins = new_buyer(1000), [new_admin() for _ in range(5)]
    task = post_task(buyer, required_workers=10, payable_amount=10)
    calls = [Call("DELETE", f"/tasks/{task['_id']}", buyer.token)] * 10
    calls += [Call("DELETE", f"/admin/tasks/{task['_id']}", one.token) for one in admins] * 8
    assert outcomes(at_once(stack, calls)) == {200: 1, "not_found": 49}
    assert coins(db, buyer) == 1000


# --- top workers ---


@promise(
    "9 GET /ledger, GET /top-workers",
    "GET /top-workers, for anyone with a token: as /tasks/top-workers",
)
def test_the_top_workers_are_the_same_for_whoever_has_logged_in(api, new_worker, books):
    before = ok(api.get("/tasks/top-workers"))
    rich = new_worker(1 + max((worker["coins"] for worker in before), default=0))
    answer = ok(rich.api.get("/admin/top-workers"))
    assert answer == ok(api.get("/tasks/top-workers"))
    assert len(answer) == min(6, len(before) + 1)
    assert answer[0]["_id"] == rich.id
    assert all(set(worker) == {"_id", "name", "photoURL", "coins"} for worker in answer)
    assert_error(api.get("/admin/top-workers"), 401, "unauthorized")
