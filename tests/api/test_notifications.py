"""Contract, section 8: notifications, each user's own. What is written when is tested with the
calls that write them.
"""

import datetime

import pytest
from bson import ObjectId

from client import UNKNOWN_ID, assert_error, eventually, faults, iso, now, ok
from market import approve, ids, notification, post_task, submit, withdraw
from profiling import profiled
from promises import promise

FIELDS = {
    "_id",
    "toEmail",
    "message",
    "actionRoute",
    "type",
    "isRead",
    "archived",
    "createdAt",
    "updatedAt",
}
MANY = 12_000  # above what is counted exactly, and more than are marked read at once


def listed(user, **params):
    return ok(user.api.get("/notifications", params=params))


def unread(user):
    answer = ok(user.api.get("/notifications/unread/count"))
    assert type(answer["unreadCount"]) is int
    return answer["unreadCount"]


def mark(user, notification_id):
    return user.api.put(f"/notifications/{notification_id}/read")


def archive(user, notification_id):
    return user.api.delete(f"/notifications/{notification_id}")


def stored(db, notification_id):
    return db.notifications.find_one({"_id": ObjectId(notification_id)})


# --- told, or not happened ---


@promise("8 What is told, to whom", "Written in the same transaction as what they tell")
def test_what_cannot_be_told_does_not_happen(stack, buyer, new_worker, admin, db, books):
    """A notification is of the same transaction as what it tells of."""
    worker = new_worker(1000)
    task = post_task(buyer, required_workers=5)
    approvable, rejectable = submit(worker, task), submit(new_worker(), task)
    payable, refusable = withdraw(worker), withdraw(worker)
    asked = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
    work = {"task_id": task["_id"], "submission_details": "Done."}
    calls = [
        (new_worker(), "POST", "/submissions", work),
        (buyer, "PUT", f"/submissions/{approvable['_id']}/approve", None),
        (buyer, "PUT", f"/submissions/{rejectable['_id']}/reject", None),
        (worker, "POST", "/withdrawals", asked),
        (admin, "PUT", f"/withdrawals/{payable['_id']}/approve", None),
        (admin, "PUT", f"/withdrawals/{refusable['_id']}/reject", None),
        (buyer, "POST", "/payments/dummy-payment", {"coins": 10}),
        (admin, "DELETE", f"/admin/tasks/{task['_id']}", None),
    ]
    records = ["tasks", "submissions", "withdrawals", "notifications"]

    def state():
        return [list(db[name].find({"createdAt": {"$gte": begun}})) for name in records] + [
            list(db.users.find({}, {"coins": 1, "pending_coins": 1})),
            db.ledger.count_documents({}),
            db.payments.count_documents({"status": "completed"}),
        ]

    begun = now() - datetime.timedelta(seconds=30)
    with stack.sweep_paused():  # which may have work that others left
        before = state()
        for user, method, path, body in calls:
            stack.fail_point(
                "failCommand",
                "alwaysOn",
                failCommands=["insert"],
                namespace=f"{db.name}.notifications",
                errorCode=2,
            )
            try:
                refused = user.api.request(method, path, json=body)
            finally:
                stack.fail_point("failCommand", "off")
            assert refused.status_code >= 500, (path, refused.text)
            assert state() == before, path
    for user, method, path, body in calls:
        assert user.api.request(method, path, json=body).status_code < 300, path


# --- GET / ---


@promise(
    "8 The calls",
    "GET /: own, not archived, newest first → a plain array",
    "_id, toEmail, message, actionRoute, type, isRead, archived, createdAt, updatedAt",
)
def test_what_one_was_told_comes_as_a_plain_array(buyer, worker, db, books):
    submission = submit(worker, post_task(buyer))
    approve(buyer, submission)
    [told] = listed(worker)
    assert FIELDS <= set(told)
    assert "user_id" not in told
    kept = stored(db, told["_id"])
    assert told["message"] == kept["message"] and "approved" in told["message"]
    assert (told["toEmail"], told["type"], told["actionRoute"]) == (
        worker.email,
        "approval",
        "/dashboard/worker/submissions",
    )
    assert (told["isRead"], told["archived"]) == (False, False)
    assert told["createdAt"] == iso(kept["createdAt"])
    [other] = listed(buyer)
    assert other["type"] == "submission"


@promise("8 The calls", "GET /: own, not archived, newest first → a plain array", "`limit` 1..100")
def test_the_newest_come_first_10_unless_told_and_100_at_most(worker, db):
    begun = now()
    made = [
        notification(db, worker, createdAt=begun + datetime.timedelta(seconds=number // 2))
        for number in range(103)
    ]
    newest_first = made[::-1]
    assert ids(listed(worker)) == newest_first[:10], "of the same moment the later id"
    for limit in (1, 7, 100):
        assert ids(listed(worker, limit=limit)) == newest_first[:limit]
    for limit in (101, 10**12):
        assert ids(listed(worker, limit=limit)) == newest_first[:100]


@promise("8 The calls", "`limit` 1..100")
@pytest.mark.parametrize("bad", ["0", "-1", "x", "1.5", "1e1"])
def test_a_limit_that_is_no_number_or_below_1_is_400(worker, bad):
    refused = worker.api.get("/notifications", params={"limit": bad})
    assert_error(refused, 400, "invalid_input")
    assert list(faults(refused)) == ["limit"]


@promise("8 The calls", "An `email` parameter is ignored")
@promise("10 Collections", "Ownership goes by id, e-mails are for display")
def test_whose_they_are_is_the_tokens_to_say_not_an_email_parameters(worker, buyer, db):
    mine, theirs = notification(db, worker), notification(db, buyer, message="Not yours")
    for email in (buyer.email, worker.email, "", "nobody"):
        assert ids(listed(worker, email=email)) == [mine]
    assert ids(listed(buyer, email=worker.email)) == [theirs]
    assert ids(ok(worker.api.get(f"/notifications?email={buyer.email}&email=x"))) == [mine]


def test_nothing_told_is_an_empty_array(worker):
    assert listed(worker) == []
    assert unread(worker) == 0
    assert ok(worker.api.put("/notifications/read-all"))["modified"] == 0


def test_the_list_carries_an_etag(worker, db):
    notification(db, worker)
    tag = worker.api.get("/notifications").headers["etag"]
    again = worker.api.get("/notifications", headers={"If-None-Match": tag})
    assert again.status_code == 304
    notification(db, worker)
    assert (
        worker.api.get("/notifications", headers={"If-None-Match": tag}).status_code == 200
    ), "something new is there"


# --- GET /unread/count ---


@promise("8 The calls", "GET /unread/count → {unreadCount}")
def test_unread_ones_are_counted_exactly(worker, buyer, db):
    made = [notification(db, worker) for _ in range(5)]
    notification(db, worker, isRead=True)
    notification(db, worker, archived=True)
    notification(db, buyer)
    assert unread(worker) == 5
    ok(mark(worker, made[0]))
    ok(archive(worker, made[1]))
    assert unread(worker) == 3


# --- PUT /:id/read ---


@promise(
    "8 The calls",
    "PUT /:id/read, by its owner → the notification",
    "_id, toEmail, message, actionRoute, type, isRead, archived, createdAt, updatedAt",
)
def test_one_is_read_by_its_owner(worker, db):
    old = now() - datetime.timedelta(days=1)
    one, other = (notification(db, worker, createdAt=old, updatedAt=old) for _ in range(2))
    answer = ok(mark(worker, one))
    assert FIELDS <= set(answer)
    assert (answer["_id"], answer["isRead"], answer["archived"]) == (one, True, False)
    assert stored(db, one)["isRead"] is True
    assert stored(db, one)["updatedAt"] > old and answer["createdAt"] == iso(old)
    assert stored(db, other)["isRead"] is False
    assert ids(listed(worker)) == [other, one], "it stays listed"
    assert ok(mark(worker, one))["isRead"] is True, "again is harmless"


@promise(
    "1 Validation",
    "A client can never set role, coins, status, owner or dates of record through a body",
)
def test_a_body_sets_nothing(worker, db):
    one = notification(db, worker)
    forged = {"isRead": False, "archived": True, "message": "Forged", "toEmail": "x@example.org"}
    answer = ok(worker.api.put(f"/notifications/{one}/read", json=forged))
    assert (answer["isRead"], answer["archived"]) == (True, False)
    assert answer["message"] == "Your submission has been approved."


# --- DELETE /:id ---


@promise(
    "8 The calls",
    "GET /: own, not archived, newest first → a plain array",
    "DELETE /:id, by its owner: archived (kept, not listed or counted) → {message}",
)
def test_an_archived_one_is_kept_but_neither_listed_nor_counted(worker, db):
    gone, left = notification(db, worker), notification(db, worker)
    assert ok(archive(worker, gone))["message"]
    kept = stored(db, gone)
    assert (kept["archived"], kept["isRead"]) == (True, False)
    assert ids(listed(worker)) == [left]
    assert unread(worker) == 1


def test_an_archived_one_can_be_read_or_archived_again(worker, db):
    gone = notification(db, worker)
    ok(archive(worker, gone))
    ok(archive(worker, gone))
    assert ok(mark(worker, gone))["archived"] is True
    assert listed(worker) == [] and unread(worker) == 0


@promise(
    "8 The calls",
    "PUT /:id/read, by its owner → the notification",
    "DELETE /:id, by its owner: archived (kept, not listed or counted) → {message}",
)
@pytest.mark.parametrize("call", [mark, archive])
def test_one_is_its_owners_alone(worker, new_worker, buyer, admin, db, call):
    one = notification(db, worker)
    before = stored(db, one)
    for other in (new_worker(), buyer, admin):
        assert_error(call(other, one), 403, "not_owner")
    assert stored(db, one) == before
    assert_error(call(worker, UNKNOWN_ID), 404, "not_found")
    assert_error(call(worker, "42"), 400, "invalid_id")


# --- PUT /read-all ---


@promise("8 The calls", "PUT /read-all → {message, modified}")
def test_all_are_read_at_once(worker, buyer, db):
    made = [notification(db, worker) for _ in range(12)]
    ok(mark(worker, made[0]))
    put_away, theirs = notification(db, worker, archived=True), notification(db, buyer)
    answer = ok(worker.api.put("/notifications/read-all"))
    assert answer["message"] and answer["modified"] == 11
    assert unread(worker) == 0
    assert all(told["isRead"] is True for told in listed(worker, limit=100))
    assert stored(db, put_away)["isRead"] is False, "it was put away unread"
    assert stored(db, theirs)["isRead"] is False
    assert ok(worker.api.put("/notifications/read-all", json={}))["modified"] == 0


# --- older data ---


@promise("10 Collections", "Fields of our own are never required of old data")
def test_older_ones_may_lack_our_fields(worker, db):
    dated = notification(db, worker, isRead=None, archived=None, updatedAt=None, type=None)
    dateless = notification(
        db, worker, isRead=None, archived=None, createdAt=None, actionRoute=None
    )
    answer = listed(worker)
    assert ids(answer) == [dated, dateless], "without a date: as the oldest"
    assert all((told["isRead"], told["archived"]) == (False, False) for told in answer)
    assert unread(worker) == 2
    assert ok(mark(worker, dated))["isRead"] is True
    assert ok(worker.api.put("/notifications/read-all"))["modified"] == 1
    ok(archive(worker, dateless))
    assert ids(listed(worker)) == [dated]


# --- very many ---


@pytest.fixture
def told_much(worker, db):
    """A worker with MANY unread notifications, and as many archived ones that are newer."""
    begun = now() - datetime.timedelta(days=2)

    def many(**fields):
        return [
            {
                "user_id": ObjectId(worker.id),
                "toEmail": worker.email,
                "message": "Your submission has been approved.",
                "actionRoute": "/dashboard/worker/submissions",
                "type": "approval",
                "isRead": False,
                "createdAt": begun + datetime.timedelta(seconds=number),
                "updatedAt": begun,
                **fields,
            }
            for number in range(MANY)
        ]

    db.notifications.insert_many(many(archived=False))
    db.notifications.insert_many(many(archived=True, createdAt=now()))
    yield worker
    db.notifications.delete_many({"user_id": ObjectId(worker.id)})


def looked_for(db, user, call):
    """What MongoDB did for a call that looks for the user's notifications."""
    asked = [{f"command.{part}.user_id": ObjectId(user.id)} for part in ("filter", "query")]
    with profiled(db, **{"$or": asked}) as ran:
        call(user)
    return ran


def test_much_costs_little(told_much, db):
    [page] = looked_for(db, told_much, listed)
    assert page["docsExamined"] <= 10 and page["keysExamined"] <= 12
    assert not page.get("hasSortStage")
    counts = looked_for(db, told_much, unread)
    assert counts and sum(count["docsExamined"] for count in counts) == 0
    assert all(count["keysExamined"] <= MANY + 3 for count in counts)


@promise("8 The calls", "GET /unread/count → {unreadCount}", "PUT /read-all → {message, modified}")
def test_much_is_counted_and_read_at_once(told_much, db):
    assert unread(told_much) > 10_000, "whatever the machine's speed"
    eventually(lambda: unread(told_much) == MANY)
    answer = ok(told_much.api.put("/notifications/read-all"))
    assert answer["modified"] == MANY
    assert unread(told_much) == 0, "also where a total of a moment ago is kept"
    archived = {"user_id": ObjectId(told_much.id), "archived": True}
    assert db.notifications.count_documents(archived | {"isRead": False}) == MANY
