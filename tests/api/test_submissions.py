"""Contract, section 5: submissions and their review; and of section 2: pay, escrow, REVIEW_DAYS;
of section 8: the notifications that are written with them.
"""

import datetime
import types

import pytest
from bson import Int64, ObjectId

from client import UNKNOWN_ID, assert_error, eventually, faults, iso, now, ok, unique
from market import (
    approve,
    coins,
    ids,
    pass_deadline,
    post_task,
    reject,
    stored_submission,
    stored_task,
    submit,
    told,
)
from promises import promise

FIELDS = {
    "_id",
    "task_id",
    "task_title",
    "payable_amount",
    "worker_id",
    "worker_email",
    "worker_name",
    "submission_details",
    "buyer_id",
    "buyer_email",
    "buyer_name",
    "status",
    "submitted_date",
    "createdAt",
    "updatedAt",
}


@pytest.fixture
def task(buyer):
    """Five slots at 5 coins; the buyer has 975 left."""
    return post_task(buyer, required_workers=5)


def hand_in(worker, task_id, details="Done."):
    return worker.api.post("/submissions", json={"task_id": task_id, "submission_details": details})


def pending(db, submission):
    return stored_submission(db, submission)["status"] == "pending"


# --- POST / ---


@promise(
    "5 POST /",
    "{task_id, submission_details 1..20000} → 201 {success:true, message, submission}",
)
@promise(
    "5 Fields",
    "_id, task_id, task_title, payable_amount, worker_id, worker_email, worker_name, submission_details, "
    "buyer_id, buyer_email, buyer_name, status, submitted_date, createdAt, updatedAt",
    "status is pending|approved|rejected",
)
def test_a_submission_is_what_was_handed_in_for_the_task_by_the_caller(
    buyer, worker, task, db, books
):
    answer = ok(hand_in(worker, task["_id"], "  Saw it.\nIt was good. "), 201)
    assert answer["success"] is True and answer["message"]
    made = answer["submission"]
    assert FIELDS <= set(made)
    expected = {
        "task_id": task["_id"],
        "task_title": task["task_title"],
        "payable_amount": 5,
        "worker_id": worker.id,
        "worker_email": worker.email,
        "worker_name": worker.name,
        "submission_details": "Saw it.\nIt was good.",
        "buyer_id": buyer.id,
        "buyer_email": buyer.email,
        "buyer_name": buyer.name,
        "status": "pending",
    }
    assert {name: made[name] for name in expected} == expected
    stored = stored_submission(db, made)
    assert stored["task_id"] == ObjectId(task["_id"])
    assert type(stored["payable_amount"]) is Int64
    assert iso(stored["submitted_date"]) == made["submitted_date"]
    assert stored_task(db, task)["required_workers"] == 4, "it takes a slot"
    assert coins(db, worker) == 0, "and is not paid before it is approved"


def test_the_client_decides_nothing_but_task_and_details(buyer, worker, task, books):
    body = {"task_id": task["_id"], "submission_details": "Done."}
    forged = {
        "status": "approved",
        "payable_amount": 500,
        "worker_id": UNKNOWN_ID,
        "buyer_id": UNKNOWN_ID,
    }
    made = ok(worker.api.post("/submissions", json=body | forged), 201)["submission"]
    assert (made["status"], made["payable_amount"], made["worker_id"], made["buyer_id"]) == (
        "pending",
        5,
        worker.id,
        buyer.id,
    )


@promise(
    "5 POST /",
    "{task_id, submission_details 1..20000} → 201 {success:true, message, submission}",
)
def test_details_have_1_to_20000_characters(new_worker, task, books):
    ok(hand_in(new_worker(), task["_id"], "é" * 20_000), 201)
    for bad in ("", "   ", "é" * 20_001, None):
        refused = hand_in(new_worker(), task["_id"], bad)
        assert refused.status_code == 400
        assert set(faults(refused)) == {"submission_details"}


@promise("5 POST /", "404 unknown task")
def test_a_submission_needs_a_task(worker, buyer, books):
    assert_error(hand_in(worker, UNKNOWN_ID), 404, "not_found")
    assert_error(hand_in(worker, "42"), 400, "invalid_id")
    refused = hand_in(worker, None)
    assert refused.status_code == 400 and set(faults(refused)) == {"task_id"}
    cancelled = post_task(buyer)
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    assert_error(hand_in(worker, cancelled["_id"]), 404, "not_found")


@promise("5 POST /", "400 no open slot")
def test_without_an_open_slot_nothing_is_taken(buyer, new_worker, db, books):
    task = post_task(buyer, required_workers=1)
    submission = submit(new_worker(), task)
    assert_error(hand_in(new_worker(), task["_id"]), 400, "no_open_slot")
    approve(buyer, submission)
    eventually(lambda: stored_task(db, task)["status"] == "completed", within=1)
    assert_error(hand_in(new_worker(), task["_id"]), 400, "no_open_slot")
    assert db.submissions.count_documents({"task_id": ObjectId(task["_id"])}) == 1


@promise("5 POST /", "400 already submitted (once per worker and task, for good)")
def test_a_worker_submits_once_to_a_task_for_good(buyer, worker, task, db, books):
    submission = submit(worker, task)
    assert_error(hand_in(worker, task["_id"]), 400, "already_submitted")
    reject(buyer, submission)
    assert_error(hand_in(worker, task["_id"]), 400, "already_submitted")
    assert stored_task(db, task)["required_workers"] == 5


@promise("5 POST /", "Of several reasons deadline_passed is told first")
def test_of_several_reasons_the_deadline_is_told_first(buyer, worker, db, books):
    task = post_task(buyer, required_workers=1)
    submit(worker, task)
    pass_deadline(db, task)
    assert_error(hand_in(worker, task["_id"]), 400, "deadline_passed")


@promise(
    "8 What is told, to whom",
    "To the buyer: a new submission",
    "actionRoute of a buyer: `/dashboard/buyer/{home,my-tasks,review,payment-history}`",
)
@promise("8 The calls", "type is approval|rejection|withdrawal|submission|task|payment")
def test_the_buyer_is_told_of_a_new_submission(buyer, worker, task, db, books):
    submit(worker, task)
    [notification] = told(db, buyer)
    assert notification["type"] == "submission"
    assert notification["actionRoute"] == "/dashboard/buyer/review"
    assert notification["message"]
    assert (notification["isRead"], notification["archived"]) == (False, False)
    assert notification["createdAt"] and notification["updatedAt"]
    assert hand_in(worker, task["_id"]).status_code == 400
    assert len(told(db, buyer)) == 1, "what did not happen is not told"


@promise("8 What is told, to whom", "Written in the same transaction as what they tell")
def test_the_notification_is_of_the_same_transaction(buyer, worker, task, db, stack, books):
    """When the notification cannot be written, nothing has happened."""
    stack.fail_point(
        "failCommand",
        "alwaysOn",
        failCommands=["insert"],
        namespace=f"{db.name}.notifications",
        errorCode=2,
    )
    try:
        refused = hand_in(worker, task["_id"])
    finally:
        stack.fail_point("failCommand", "off")
    assert refused.status_code >= 500, refused.text
    assert stored_task(db, task)["required_workers"] == 5
    assert db.submissions.count_documents({"task_id": ObjectId(task["_id"])}) == 0
    submit(worker, task)
    assert len(told(db, buyer)) == 1


# --- approve ---


@promise(
    "2 Slots and escrow",
    "Approving pays the worker `payable_amount` out of the task's escrow",
)
@promise(
    "5 Reviews",
    "PUT /:id/approve → {success:true, message, submission, coinsAdded, workerNewBalance}",
)
@promise("5 Fields", "reviewed_date, rejection_reason, reason_code, once reviewed")
def test_approving_pays_the_worker_out_of_the_escrow(buyer, worker, task, db, books):
    submission = submit(worker, task)
    answer = approve(buyer, submission)
    assert answer["success"] is True and answer["message"]
    assert (answer["coinsAdded"], answer["workerNewBalance"]) == (5, 5)
    assert coins(db, worker) == worker.coins() == 5
    assert coins(db, buyer) == 975, "paid when the task was made"
    reviewed = answer["submission"]
    assert reviewed["status"] == "approved"
    assert reviewed["reviewed_date"] >= reviewed["submitted_date"]
    changed = {name for name in FIELDS if reviewed[name] != submission[name]}
    assert changed <= {"status", "updatedAt"}
    assert stored_submission(db, submission)["status"] == "approved"
    assert stored_task(db, task)["required_workers"] == 4, "an approved slot is used up"


@promise(
    "8 What is told, to whom",
    "To the worker: approved",
    "actionRoute is one of the front end's pages: `/dashboard/worker/{home,submissions,withdrawals}`",
    "Its icons go by words in the message: approved, earned",
)
def test_the_worker_is_told_what_they_earned(buyer, worker, task, db, books):
    approve(buyer, submit(worker, task))
    [notification] = told(db, worker)
    assert (notification["type"], notification["actionRoute"]) == (
        "approval",
        "/dashboard/worker/submissions",
    )
    assert (
        "approved" in notification["message"] or "earned" in notification["message"]
    ), "the front end's icon goes by these words"
    assert (notification["isRead"], notification["archived"]) == (False, False)


@promise("5 Reviews", "400 not pending")
def test_a_submission_is_reviewed_once(buyer, new_worker, task, db, books):
    for first in (approve, reject):
        worker = new_worker()
        submission = submit(worker, task)
        first(buyer, submission)
        before, balance, notifications = (
            stored_submission(db, submission),
            coins(db, worker),
            len(told(db, worker)),
        )
        path = f"/submissions/{submission['_id']}"
        assert_error(buyer.api.put(f"{path}/approve"), 400, "already_processed")
        assert_error(
            buyer.api.put(f"{path}/reject", json={"reason": "No"}), 400, "already_processed"
        )
        assert_error(
            buyer.api.put(f"{path}/status", json={"status": "approved"}), 400, "already_processed"
        )
        assert (stored_submission(db, submission), coins(db, worker), len(told(db, worker))) == (
            before,
            balance,
            notifications,
        )


# --- reject ---


@promise("2 Slots and escrow", "Rejecting gives the slot back")
@promise("5 Reviews", "PUT /:id/reject {reason? ≤500, reason_code? ≤50} → {message, submission}")
@promise("5 Fields", "reviewed_date, rejection_reason, reason_code, once reviewed")
@promise("8 What is told, to whom", "To the worker: rejected with its reason")
def test_rejecting_gives_the_slot_back_and_keeps_the_reason(buyer, worker, task, db, books):
    submission = submit(worker, task)
    answer = reject(buyer, submission, reason=" The picture is missing. ", reason_code="no_proof")
    assert answer["message"]
    rejected = answer["submission"]
    assert (rejected["status"], rejected["rejection_reason"], rejected["reason_code"]) == (
        "rejected",
        "The picture is missing.",
        "no_proof",
    )
    assert rejected["reviewed_date"] >= rejected["submitted_date"]
    assert stored_task(db, task)["required_workers"] == 5
    assert (coins(db, worker), coins(db, buyer)) == (0, 975)
    [notification] = told(db, worker)
    assert (notification["type"], notification["actionRoute"]) == (
        "rejection",
        "/dashboard/worker/submissions",
    )
    assert "The picture is missing." in notification["message"], "the worker is told why"


@promise("2 Slots and escrow", "Rejecting gives the slot back")
def test_the_slot_of_rejected_work_is_anothers(buyer, new_worker, books):
    task = post_task(buyer, required_workers=1)
    reject(buyer, submit(new_worker(), task))
    assert approve(buyer, submit(new_worker(), task))["coinsAdded"] == 5


@promise("5 Reviews", "PUT /:id/reject {reason? ≤500, reason_code? ≤50} → {message, submission}")
@pytest.mark.parametrize(
    "body", [{"content": b""}, {"json": {}}, {"json": {"reason": None}}, {"json": {"reason": ""}}]
)
def test_a_reason_may_be_left_out(buyer, worker, task, db, body, books):
    submission = submit(worker, task)
    ok(buyer.api.put(f"/submissions/{submission['_id']}/reject", **body))
    [notification] = told(db, worker)
    assert notification["type"] == "rejection"


@promise("5 Reviews", "PUT /:id/reject {reason? ≤500, reason_code? ≤50} → {message, submission}")
@pytest.mark.parametrize("field, longest", [("reason", 500), ("reason_code", 50)])
def test_reasons_have_a_length(buyer, worker, task, db, field, longest, books):
    submission = submit(worker, task)
    refused = buyer.api.put(
        f"/submissions/{submission['_id']}/reject", json={field: "é" * (longest + 1)}
    )
    assert refused.status_code == 400 and set(faults(refused)) == {field}
    assert pending(db, submission)
    reject(buyer, submission, **{field: "é" * longest})


# --- /status ---


@promise("5 Reviews", "PUT /:id/status {status: approved|rejected, reason?}: same as the two above")
@promise("5 Fields", "status is pending|approved|rejected")
@promise("8 The calls", "type is approval|rejection|withdrawal|submission|task|payment")
def test_status_does_the_same_as_approve_and_reject(buyer, new_worker, task, db, books):
    first, second = new_worker(), new_worker()
    approved, rejected = submit(first, task), submit(second, task)
    answer = ok(
        buyer.api.put(f"/submissions/{approved['_id']}/status", json={"status": "approved"})
    )
    assert answer["submission"]["status"] == "approved"
    assert (answer["coinsAdded"], answer["workerNewBalance"]) == (5, 5)
    body = {"status": "rejected", "reason": "Too short."}
    answer = ok(buyer.api.put(f"/submissions/{rejected['_id']}/status", json=body))
    assert (answer["submission"]["status"], answer["submission"]["rejection_reason"]) == (
        "rejected",
        "Too short.",
    )
    assert (coins(db, first), coins(db, second)) == (5, 0)
    assert [told(db, worker)[0]["type"] for worker in (first, second)] == ["approval", "rejection"]
    assert stored_task(db, task)["required_workers"] == 4


@promise("5 Reviews", "PUT /:id/status {status: approved|rejected, reason?}: same as the two above")
@pytest.mark.parametrize("status", ["pending", "Approved", "done", "", None])
def test_another_status_is_400(buyer, worker, task, db, status, books):
    submission = submit(worker, task)
    refused = buyer.api.put(f"/submissions/{submission['_id']}/status", json={"status": status})
    assert refused.status_code == 400 and set(faults(refused)) == {"status"}
    assert pending(db, submission)


# --- who may review ---


@promise("5 Reviews", "approve, reject and status are for the task's buyer and admins")
@pytest.mark.parametrize(
    "call, body", [("approve", None), ("reject", {}), ("status", {"status": "approved"})]
)
def test_only_the_tasks_buyer_and_admins_review(
    buyer, new_buyer, new_worker, admin, task, db, call, body, books
):
    worker = new_worker()
    submission = submit(worker, task)
    path = f"/submissions/{submission['_id']}/{call}"
    assert_error(new_buyer().api.put(path, json=body), 403, "not_owner")
    assert worker.api.put(path, json=body).status_code == 403
    assert pending(db, submission)
    ok(admin.api.put(path, json=body))
    assert not pending(db, submission)
    assert_error(buyer.api.put(f"/submissions/{UNKNOWN_ID}/{call}", json=body), 404, "not_found")
    assert_error(buyer.api.put(f"/submissions/42/{call}", json=body), 400, "invalid_id")


# --- POST /review ---


def review(reviewer, submission_ids, status="approved", **body):
    return reviewer.api.post(
        "/submissions/review", json={"ids": submission_ids, "status": status, **body}
    )


@promise("5 Reviews", "→ {results:[{_id, ok, code?}]}, each on its own")
def test_many_are_reviewed_each_on_its_own(buyer, new_buyer, new_worker, task, db, books):
    """What cannot be done is told for that one alone; the others go through."""
    foreign = submit(new_worker(), post_task(new_buyer()))
    done = submit(new_worker(), task)
    reject(buyer, done)
    workers = [new_worker() for _ in range(2)]
    good = [submit(worker, task) for worker in workers]
    results = ok(
        review(buyer, [good[0]["_id"], foreign["_id"], UNKNOWN_ID, done["_id"], good[1]["_id"]])
    )["results"]
    assert results == [
        {"_id": good[0]["_id"], "ok": True},
        {"_id": foreign["_id"], "ok": False, "code": "not_owner"},
        {"_id": UNKNOWN_ID, "ok": False, "code": "not_found"},
        {"_id": done["_id"], "ok": False, "code": "already_processed"},
        {"_id": good[1]["_id"], "ok": True},
    ]
    for worker in workers:
        assert coins(db, worker) == 5
        assert [notification["type"] for notification in told(db, worker)] == ["approval"]
    assert pending(db, foreign)


@promise("5 Reviews", "POST /review, for buyers and admins: {ids (1..100), status, reason?}")
@promise("8 What is told, to whom", "To the worker: rejected with its reason")
def test_many_are_rejected_with_one_reason(buyer, new_worker, task, db, books):
    workers = [new_worker() for _ in range(3)]
    submissions = [submit(worker, task) for worker in workers]
    results = ok(review(buyer, ids(submissions), "rejected", reason="Not the film."))["results"]
    assert results == [{"_id": submission["_id"], "ok": True} for submission in submissions]
    for worker, submission in zip(workers, submissions):
        assert stored_submission(db, submission)["rejection_reason"] == "Not the film."
        assert "Not the film." in told(db, worker)[0]["message"]
    assert stored_task(db, task)["required_workers"] == 5


@promise("5 Reviews", "→ {results:[{_id, ok, code?}]}, each on its own")
def test_the_same_id_twice_is_paid_once(buyer, worker, task, db, books):
    submission = submit(worker, task)
    results = ok(review(buyer, [submission["_id"]] * 2))["results"]
    assert results[0] == {"_id": submission["_id"], "ok": True}
    assert all(result == results[0] or result["code"] == "already_processed" for result in results)
    assert coins(db, worker) == 5


@promise("5 Reviews", "POST /review, for buyers and admins: {ids (1..100), status, reason?}")
def test_an_admin_reviews_everybodys(admin, new_buyer, new_worker, books):
    submissions = [submit(new_worker(), post_task(new_buyer())) for _ in range(2)]
    assert [result["ok"] for result in ok(review(admin, ids(submissions)))["results"]] == [
        True,
        True,
    ]


@promise(
    "2 Slots and escrow",
    "No open slot and nothing pending: status `completed`, within a second",
)
def test_a_hundred_at_once_complete_their_task(new_buyer, new_worker, db, books):
    buyer = new_buyer(100)
    task = post_task(buyer, required_workers=100, payable_amount=1)
    submissions = [submit(new_worker(), task) for _ in range(100)]
    results = ok(review(buyer, ids(submissions)))["results"]
    assert [result["_id"] for result in results] == ids(submissions)
    assert all(result["ok"] for result in results)
    eventually(lambda: stored_task(db, task)["status"] == "completed", within=1)


@promise("5 Reviews", "POST /review, for buyers and admins: {ids (1..100), status, reason?}")
def test_a_review_names_1_to_100_submissions_and_a_status(buyer, worker, task, db, books):
    submission = submit(worker, task)
    for bad in ([], [UNKNOWN_ID] * 101, submission["_id"], None, [None], [{"$ne": None}], ["42"]):
        refused = review(buyer, bad)
        assert refused.status_code == 400, bad
        assert {field.split("[")[0].split(".")[0] for field in faults(refused)} == {"ids"}, bad
    for bad in ("pending", None):
        refused = review(buyer, [submission["_id"]], bad)
        assert refused.status_code == 400 and set(faults(refused)) == {"status"}
    refused = review(buyer, [submission["_id"]], "rejected", reason="x" * 501)
    assert refused.status_code == 400 and set(faults(refused)) == {"reason"}
    assert pending(db, submission)
    assert_error(review(worker, [submission["_id"]]), 403, "forbidden")


# --- REVIEW_DAYS ---


def handed_in_days_ago(db, submission, days):
    past = now() - datetime.timedelta(days=days)
    moved = {"submitted_date": past, "createdAt": past, "updatedAt": past}
    db.submissions.update_one({"_id": ObjectId(submission["_id"])}, {"$set": moved})


@promise(
    "2 Deadlines",
    "With `REVIEW_DAYS` > 0 a submission nobody reviewed for so long is approved by the service",
)
def test_with_review_days_the_service_approves_what_nobody_reviewed(
    buyer, new_worker, task, db, stack, books
):
    forgotten, patient = new_worker(), new_worker()
    old, young = submit(forgotten, task), submit(patient, task)
    handed_in_days_ago(db, old, 1.1)
    handed_in_days_ago(db, young, 0.9)
    for _ in range(2):
        assert stack.ctl("sweep", env={"REVIEW_DAYS": "1"}).returncode == 0
        assert (coins(db, forgotten), coins(db, patient)) == (5, 0)
    assert stored_submission(db, old)["status"] == "approved"
    assert stored_submission(db, old)["reviewed_date"]
    assert pending(db, young)
    assert [notification["type"] for notification in told(db, forgotten)] == ["approval"]


@promise("2 Deadlines", "Its default is 0, off")
def test_without_review_days_nothing_is_approved_by_itself(buyer, worker, task, db, stack, books):
    submission = submit(worker, task)
    handed_in_days_ago(db, submission, 400)
    assert stack.ctl("sweep").returncode == 0
    assert pending(db, submission)
    reject(buyer, submission)


@promise(
    "2 Deadlines",
    "With `REVIEW_DAYS` > 0 a submission nobody reviewed for so long is approved by the service",
)
def test_review_days_hold_for_cancelled_and_expired_tasks_too(buyer, new_worker, db, stack, books):
    workers = [new_worker(), new_worker()]
    cancelled, expired = post_task(buyer, required_workers=1), post_task(buyer, required_workers=1)
    for worker, task in zip(workers, (cancelled, expired)):
        handed_in_days_ago(db, submit(worker, task), 3)
    ok(buyer.api.delete(f"/tasks/{cancelled['_id']}"))
    pass_deadline(db, expired)
    assert stack.ctl("sweep", env={"REVIEW_DAYS": "1"}).returncode == 0
    assert [coins(db, worker) for worker in workers] == [5, 5]
    eventually(lambda: stored_task(db, expired)["status"] == "completed", within=1)
    assert stored_task(db, cancelled)["status"] == "cancelled"


# --- lists ---


@pytest.fixture(scope="module")
def bench(stack):
    """A worker with twelve approved, one rejected and two pending submissions to tasks of 1, 2,
    3, … coins.
    """
    buyer, worker, other = stack.user("buyer", 1000), stack.user("worker"), stack.user("worker")
    tasks = [post_task(buyer, required_workers=2, payable_amount=i + 1) for i in range(15)]
    submissions = [submit(worker, task) for task in tasks]
    for submission in submissions[:12]:
        approve(buyer, submission)
    reject(buyer, submissions[12])
    foreign = submit(other, tasks[0])
    return types.SimpleNamespace(
        buyer=buyer,
        worker=worker,
        other=other,
        tasks=tasks,
        submissions=submissions,
        foreign=foreign,
    )


@promise("5 Lists", "GET /worker/my-submissions, for workers: own, newest first")
def test_a_workers_submissions_are_their_own_newest_first(bench):
    answer = ok(bench.worker.api.get("/submissions/worker/my-submissions"))
    assert ids(answer["submissions"]) == ids(bench.submissions)[:-11:-1]
    assert (answer["total"], answer["pages"], answer["currentPage"]) == (15, 2, 1)
    assert isinstance(answer["next"], str)
    rest = ok(
        bench.worker.api.get("/submissions/worker/my-submissions", params={"after": answer["next"]})
    )
    assert ids(rest["submissions"]) == ids(bench.submissions)[4::-1]
    assert rest["next"] is None
    assert ids(ok(bench.other.api.get("/submissions/worker/my-submissions"))["submissions"]) == [
        bench.foreign["_id"]
    ]


@promise(
    "5 Lists",
    "GET /worker/approved, for workers: {approvedSubmissions, totalEarnings, total, …}",
    "Earnings in coins over all, not the page",
)
def test_earnings_are_summed_over_all_approved_and_not_the_page(bench):
    answer = ok(bench.worker.api.get("/submissions/worker/approved"))
    assert ids(answer["approvedSubmissions"]) == ids(bench.submissions)[11::-1]
    assert (answer["totalEarnings"], answer["total"]) == (sum(range(1, 13)), 12)
    answer = ok(
        bench.worker.api.get("/submissions/worker/approved", params={"limit": 5, "page": 3})
    )
    assert ids(answer["approvedSubmissions"]) == ids(bench.submissions)[1::-1]
    assert (answer["totalEarnings"], answer["total"], answer["pages"], answer["currentPage"]) == (
        78,
        12,
        3,
        3,
    )
    none = ok(bench.other.api.get("/submissions/worker/approved"))
    assert (none["approvedSubmissions"], none["totalEarnings"], none["total"], none["pages"]) == (
        [],
        0,
        0,
        0,
    )


@promise("5 Lists", "GET /buyer/review, for buyers: pending ones on own tasks, oldest first")
def test_the_buyer_reviews_what_is_pending_on_own_tasks_oldest_first(bench, new_buyer):
    answer = ok(bench.buyer.api.get("/submissions/buyer/review"))
    assert ids(answer["submissions"]) == [*ids(bench.submissions)[13:], bench.foreign["_id"]]
    assert (answer["total"], answer["pages"], answer["currentPage"], answer["next"]) == (
        3,
        1,
        1,
        None,
    )
    first = ok(bench.buyer.api.get("/submissions/buyer/review", params={"limit": 2}))
    rest = ok(
        bench.buyer.api.get(
            "/submissions/buyer/review", params={"limit": 2, "after": first["next"]}
        )
    )
    assert ids(first["submissions"] + rest["submissions"]) == ids(answer["submissions"])
    empty = ok(new_buyer().api.get("/submissions/buyer/review"))
    assert (empty["submissions"], empty["total"]) == ([], 0)


@promise(
    "5 Lists",
    "GET /task/:taskId: all for owner and admin, own for a worker; {submissions, total, …}",
)
def test_a_tasks_submissions_for_owner_admin_and_worker(bench, new_buyer, new_worker, admin):
    task, mine = bench.tasks[0], bench.submissions[0]
    path = f"/submissions/task/{task['_id']}"
    for who in (bench.buyer, admin):
        answer = ok(who.api.get(path))
        assert set(ids(answer["submissions"])) == {mine["_id"], bench.foreign["_id"]}
        assert answer["total"] == 2
    assert ids(ok(bench.worker.api.get(path))["submissions"]) == [
        mine["_id"]
    ], "a worker sees their own"
    answer = ok(new_worker().api.get(path))
    assert (answer["submissions"], answer["total"]) == ([], 0)
    assert_error(new_buyer().api.get(path), 403, "not_owner")
    assert_error(bench.buyer.api.get(f"/submissions/task/{UNKNOWN_ID}"), 404, "not_found")
    assert_error(bench.buyer.api.get("/submissions/task/42"), 400, "invalid_id")


@promise("5 Lists", "/task/:taskId without `limit`: up to 1000")
def test_a_tasks_submissions_come_all_without_a_limit(buyer, new_worker, books):
    task = post_task(buyer, required_workers=12, payable_amount=1)
    submissions = [submit(new_worker(), task) for _ in range(12)]
    path = f"/submissions/task/{task['_id']}"
    answer = ok(buyer.api.get(path))
    assert set(ids(answer["submissions"])) == set(ids(submissions))
    assert (answer["total"], answer["pages"]) == (12, 1)
    answer = ok(buyer.api.get(path, params={"limit": 5}))
    assert (len(answer["submissions"]), answer["total"], answer["pages"]) == (5, 12, 3)


@promise("5 Lists", "GET /, for admins: all, newest first")
def test_an_admin_sees_all_newest_first(bench, admin, new_worker, books):
    newest = submit(new_worker(), bench.tasks[1])
    answer = ok(admin.api.get("/submissions", params={"limit": 2}))
    assert answer["submissions"][0]["_id"] == newest["_id"]
    assert answer["total"] >= 17
    dates = [
        submission["createdAt"]
        for submission in ok(admin.api.get("/submissions", params={"limit": 100}))["submissions"]
    ]
    assert dates == sorted(dates, reverse=True)
    for other in (bench.worker, bench.buyer):
        assert_error(other.api.get("/submissions"), 403, "forbidden")


# --- GET /:id ---

POPULATED = {"_id", "task_title", "task_detail", "submission_info", "payable_amount"}


@promise(
    "5 GET /:id",
    "For its worker, its buyer, admins",
    "{submission}, with {_id, task_title, task_detail, submission_info, payable_amount} under task_id",
)
def test_a_submission_for_its_worker_its_buyer_and_admins(bench, new_buyer, new_worker, admin):
    submission, task = bench.submissions[13], bench.tasks[13]
    path = f"/submissions/{submission['_id']}"
    for who in (bench.worker, bench.buyer, admin):
        shown = ok(who.api.get(path))["submission"]
        assert shown["task_id"] == {name: task[name] for name in POPULATED}
        assert {**shown, "task_id": task["_id"]} == submission
    for who in (new_worker(), new_buyer(), bench.other):
        assert_error(who.api.get(path), 403, "not_owner")
    assert_error(bench.worker.api.get(f"/submissions/{UNKNOWN_ID}"), 404, "not_found")
    assert_error(bench.worker.api.get("/submissions/42"), 400, "invalid_id")


@promise(
    "5 GET /:id",
    "task_id is an object if the task's document exists, cancelled or not, else the plain id",
)
def test_its_task_is_shown_cancelled_or_not_as_long_as_its_document_exists(buyer, worker, db):
    task = post_task(buyer)
    submission = submit(worker, task)
    path = f"/submissions/{submission['_id']}"
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    assert ok(worker.api.get(path))["submission"]["task_id"] == {
        name: task[name] for name in POPULATED
    }
    document = stored_task(db, task)
    db.tasks.delete_one({"_id": document["_id"]})
    try:
        assert ok(worker.api.get(path))["submission"]["task_id"] == task["_id"], "else the plain id"
    finally:
        db.tasks.insert_one(document)


def test_what_a_task_is_called_later_does_not_change_what_was_submitted_to(
    buyer, worker, task, books
):
    submission = submit(worker, task)
    renamed = unique("Renamed")
    ok(buyer.api.put(f"/tasks/{task['_id']}", json={"task_title": renamed}))
    shown = ok(worker.api.get(f"/submissions/{submission['_id']}"))["submission"]
    assert shown["task_id"]["task_title"] == renamed
    assert shown["payable_amount"] == 5
