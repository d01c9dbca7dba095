"""Contract, section 2: coins never appear or vanish, however many ask at once, whichever worker
process they meet.

Each test lets 50 and more clients act in the same instant (wire.py) and checks three things:
exactly as many effects as the rules allow, a proper refusal for everybody else, and balanced
books (the fixture).
"""

import collections
import concurrent.futures
import datetime
import pathlib

import pytest
from bson import ObjectId

from client import ahead, assert_error, eventually, iso, now, task_input, unique
from fail_points import held_up
from market import (
    approve,
    coins,
    pass_deadline,
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
CLIENTS = 60


def creating(buyer, **changes):
    return Call("POST", "/tasks", buyer.token, task_input(**changes))


def deleting(buyer, task):
    return Call("DELETE", f"/tasks/{task['_id']}", buyer.token)


def buying(buyer, task, delta):
    return Call("POST", f"/tasks/{task['_id']}/slots", buyer.token, {"delta": delta})


def editing(buyer, task, **changes):
    return Call("PUT", f"/tasks/{task['_id']}", buyer.token, changes)


def alternating(*lists):
    return [call for calls in zip(*lists) for call in calls]


def cpu_ticks(pid):
    """What a process has worked so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_the_races_meet_several_processes(stack, new_worker):
    """Or they would prove little."""
    pids, worker = stack.worker_pids(), new_worker()
    assert len(pids) >= 2
    before = [cpu_ticks(pid) for pid in pids]

    def all_have_worked():
        at_once(stack, [Call("GET", "/auth/me", worker.token)] * CLIENTS)
        return all(cpu_ticks(pid) > ticks for pid, ticks in zip(pids, before))

    eventually(all_have_worked)


# --- slots ---


@promise(
    "2 Slots and escrow",
    "`required_workers` counts the slots still open; a submission takes one",
)
@promise("5 POST /", "400 no open slot")
@pytest.mark.parametrize("slots", [1, 7])
def test_the_last_slots_are_taken_once(stack, db, new_buyer, new_worker, slots):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=slots)
    workers = [new_worker() for _ in range(CLIENTS)]
    answers = at_once(stack, [submitting(worker, task) for worker in workers])
    assert outcomes(answers) == {201: slots, "no_open_slot": CLIENTS - slots}
    assert stored_task(db, task)["required_workers"] == 0
    assert db.submissions.count_documents({"task_id": ObjectId(task["_id"])}) == slots
    assert len(told(db, buyer)) == slots


def test_enough_slots_for_all_refuse_nobody(stack, db, new_buyer, new_worker):
    """Contenders for one popular task wait for each other; none is turned away or sees an error."""
    task = post_task(new_buyer(CLIENTS), required_workers=CLIENTS, payable_amount=1)
    answers = at_once(stack, [submitting(new_worker(), task) for _ in range(CLIENTS)])
    assert outcomes(answers) == {201: CLIENTS}
    assert stored_task(db, task)["required_workers"] == 0


@promise("5 POST /", "400 already submitted (once per worker and task, for good)")
@promise("10 Collections", "Unique keys: submissions.slot_key")
def test_a_worker_who_submits_many_times_at_once_submits_once(stack, db, new_buyer, new_worker):
    task = post_task(new_buyer(1000), required_workers=CLIENTS)
    worker = new_worker()
    answers = at_once(stack, [submitting(worker, task)] * CLIENTS)
    assert outcomes(answers) == {201: 1, "already_submitted": CLIENTS - 1}
    assert stored_task(db, task)["required_workers"] == CLIENTS - 1


@promise(
    "4 POST /:id/slots",
    "{delta: whole, not 0} buys or gives back open slots → 200 {message, task, remainingCoins}",
)
def test_slots_given_back_and_slots_taken_are_not_the_same_ones(stack, db, new_buyer, new_worker):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=20, payable_amount=10)
    calls = alternating(
        [submitting(new_worker(), task) for _ in range(30)], [buying(buyer, task, -1)] * 30
    )
    answers = at_once(stack, calls)
    taken = [answer for answer in answers if answer.status == 201]
    given_back = [answer for answer in answers if answer.status == 200]
    assert len(taken) + len(given_back) == 20
    assert coins(db, buyer) == 800 + 10 * len(given_back)
    assert stored_task(db, task)["required_workers"] == 0
    assert set(outcomes(answers)) <= {200, 201, "no_open_slot", "invalid_input", "conflict"}


# --- reviews ---


@promise(
    "2 Slots and escrow",
    "Approving pays the worker `payable_amount` out of the task's escrow",
)
def test_a_submission_approved_many_times_at_once_is_paid_once(
    stack, db, new_buyer, new_worker, admin
):
    buyer, worker = new_buyer(100), new_worker()
    submission = submit(worker, post_task(buyer, required_workers=2, payable_amount=10))
    calls = alternating(
        [reviewing(buyer, submission, "approve")] * 20,
        [reviewing(admin, submission, "approve")] * 20,
        [
            Call(
                "POST",
                "/submissions/review",
                buyer.token,
                {"ids": [submission["_id"]], "status": "approved"},
            )
        ]
        * 20,
    )
    answers = at_once(stack, calls)
    codes = collections.Counter()
    for answer in answers:
        result = (
            answer.body["results"][0]
            if "results" in answer.body
            else {"ok": answer.status == 200, **answer.body}
        )
        codes["paid" if result["ok"] else result["code"]] += 1
    assert codes == {"paid": 1, "already_processed": CLIENTS - 1}
    assert coins(db, worker) == 10
    assert len(told(db, worker)) == 1


def test_approving_many_of_one_worker_at_once_pays_each(stack, db, new_buyer, new_worker):
    """One balance that many transactions add to."""
    buyer, worker = new_buyer(1000), new_worker()
    submissions = [
        submit(worker, post_task(buyer, required_workers=1, payable_amount=10)) for _ in range(50)
    ]
    answers = at_once(
        stack, [reviewing(buyer, submission, "approve") for submission in submissions]
    )
    assert outcomes(answers) == {200: 50}
    assert coins(db, worker) == 500
    assert sorted(answer.body["workerNewBalance"] for answer in answers) == list(range(10, 501, 10))


@promise("2 The books", "Coins never appear or vanish, however many ask at once")
@promise("5 Reviews", "400 not pending")
def test_a_submission_is_either_approved_or_rejected(stack, db, new_buyer, new_worker, admin):
    for _ in range(3):
        buyer, worker = new_buyer(100), new_worker()
        task = post_task(buyer, required_workers=1, payable_amount=10)
        submission = submit(worker, task)
        calls = alternating(
            [reviewing(buyer, submission, "approve")] * 25,
            [reviewing(admin, submission, "reject")] * 25,
        )
        answers = at_once(stack, calls)
        assert outcomes(answers) == {200: 1, "already_processed": 49}
        [won] = [answer for answer in answers if answer.status == 200]
        approved = won.call.path.endswith("approve")
        assert stored_submission(db, submission)["status"] == (
            "approved" if approved else "rejected"
        )
        assert coins(db, worker) == (10 if approved else 0)
        assert stored_task(db, task)["required_workers"] == (0 if approved else 1)
        assert [notification["type"] for notification in told(db, worker)] == [
            "approval" if approved else "rejection"
        ]


@promise("2 The books", "Coins never appear or vanish, however many ask at once")
def test_a_cancelled_tasks_submissions_are_all_paid_and_its_open_slots_refunded_once(
    stack, db, new_buyer, new_worker
):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=40, payable_amount=10)
    workers = [new_worker() for _ in range(25)]
    submissions = [submit(worker, task) for worker in workers]
    calls = alternating(
        [reviewing(buyer, submission, "approve") for submission in submissions],
        [deleting(buyer, task)] * 25,
    )
    answers = at_once(stack, calls)
    assert outcomes(answers) == {200: 26, "not_found": 24}
    assert [
        answer.body["refundedAmount"] for answer in answers if "refundedAmount" in answer.body
    ] == [150]
    assert [coins(db, worker) for worker in workers] == [10] * 25
    assert coins(db, buyer) == 600 + 150
    assert stored_task(db, task)["status"] == "cancelled"


@promise(
    "2 Slots and escrow",
    "Rejecting refunds the slot's price to the buyer once the task is cancelled",
)
def test_each_rejection_against_a_cancelling_is_refunded_once(stack, db, new_buyer, new_worker):
    """Before the cancelling it gives a slot back, which the cancelling refunds; after it, the
    price itself.
    """
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=40, payable_amount=10)
    submissions = [submit(new_worker(), task) for _ in range(25)]
    calls = alternating(
        [reviewing(buyer, submission, "reject") for submission in submissions],
        [deleting(buyer, task)] * 25,
    )
    answers = at_once(stack, calls)
    assert outcomes(answers) == {200: 26, "not_found": 24}
    assert coins(db, buyer) == 1000
    assert stored_task(db, task)["required_workers"] == 0


@promise("4 DELETE /:id", "Pending submissions keep their escrow until reviewed")
def test_a_submission_against_a_cancelling_is_either_taken_or_refused(
    stack, db, new_buyer, new_worker
):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=50, payable_amount=10)
    calls = alternating(
        [submitting(new_worker(), task) for _ in range(40)], [deleting(buyer, task)] * 40
    )
    answers = at_once(stack, calls)
    taken = outcomes(answers)[201]
    assert outcomes(answers)[200] == 1
    assert outcomes(answers)["not_found"] == 80 - 1 - taken
    assert coins(db, buyer) == 500 + (50 - taken) * 10, "what was taken keeps its escrow"


# --- balances ---


@promise("2 Prices", "A task's cost is taken from the buyer when it is created")
@promise("2 Balances", "Neither is ever negative")
def test_a_balance_is_not_spent_twice(stack, db, new_buyer):
    buyer = new_buyer(100)
    answers = at_once(
        stack, [creating(buyer, required_workers=1, payable_amount=30) for _ in range(CLIENTS)]
    )
    assert outcomes(answers) == {201: 3, "insufficient_coins": CLIENTS - 3}
    assert sorted(answer.body["remainingCoins"] for answer in answers if answer.status == 201) == [
        10,
        40,
        70,
    ]
    assert coins(db, buyer) == 10
    assert db.tasks.count_documents({"buyer_id": ObjectId(buyer.id)}) == 3


@promise("2 Balances", "Neither is ever negative")
@promise("2 The books", "Coins never appear or vanish, however many ask at once")
def test_tasks_slots_and_cancellings_share_one_balance(stack, db, new_buyer):
    buyer = new_buyer(200)
    kept, dropped = (post_task(buyer, required_workers=1, payable_amount=50) for _ in range(2))
    calls = alternating(
        [creating(buyer, required_workers=1, payable_amount=50) for _ in range(20)],
        [buying(buyer, kept, 1)] * 20,
        [deleting(buyer, dropped)] * 20,
    )
    answers = at_once(stack, calls)
    assert set(outcomes(answers)) <= {200, 201, "insufficient_coins", "not_found"}
    assert coins(db, buyer) >= 0
    escrow = sum(
        task["required_workers"] * task["payable_amount"]
        for task in db.tasks.find({"buyer_id": ObjectId(buyer.id)})
    )
    assert coins(db, buyer) + escrow == 200


# --- withdrawals ---


@promise("2 Prices", "Withdrawal: at most the available balance")
@promise("6 POST /", "400 {available, required} when there is less")
def test_a_balance_is_not_withdrawn_twice(stack, db, new_worker, admin):
    worker = new_worker(1100)
    answers = at_once(stack, [withdrawing(worker) for _ in range(CLIENTS)])
    assert outcomes(answers) == {201: 5, "insufficient_coins": CLIENTS - 5}
    left = [answer.body["coins"] for answer in answers if answer.status == 201]
    assert sorted(left) == [100, 300, 500, 700, 900]
    told_too_late = [answer.body for answer in answers if answer.status == 400]
    assert all((no["available"], no["required"]) == (100, 200) for no in told_too_late)
    assert (coins(db, worker), stored_user(db, worker)["pending_coins"]) == (100, 1000)
    assert db.withdrawals.count_documents({"worker_id": ObjectId(worker.id)}) == 5
    assert len(told(db, admin)) == 5


@promise(
    "6 Decisions",
    "PUT /:id/approve, for admins: the held coins leave → {message, withdrawal, workerNewBalance, "
    "workerCoinsRemaining}",
)
def test_a_withdrawal_approved_many_times_at_once_leaves_once(stack, db, new_worker, admin):
    worker = new_worker(1000)
    withdrawal, other = withdraw(worker, 300), withdraw(worker, 300)
    calls = alternating(
        [deciding(admin, withdrawal, "approve")] * 30,
        [deciding(admin, withdrawal, "approve", "/admin/withdrawals")] * 30,
    )
    answers = at_once(stack, calls)
    assert outcomes(answers) == {200: 1, "already_processed": CLIENTS - 1}
    assert (coins(db, worker), stored_user(db, worker)["pending_coins"]) == (400, 300)
    assert stored_withdrawal(db, other)["status"] == "pending"
    assert len(told(db, worker)) == 1


@promise("2 The books", "Coins never appear or vanish, however many ask at once")
@promise("6 Decisions", "400 already processed")
def test_a_withdrawal_is_either_approved_or_rejected(stack, db, new_worker, admin):
    for _ in range(3):
        worker = new_worker(500)
        withdrawal = withdraw(worker, 300)
        calls = alternating(
            [deciding(admin, withdrawal, "approve")] * 25,
            [deciding(admin, withdrawal, "reject")] * 25,
        )
        answers = at_once(stack, calls)
        assert outcomes(answers) == {200: 1, "already_processed": 49}
        [won] = [answer for answer in answers if answer.status == 200]
        approved = won.call.path.endswith("approve")
        assert stored_withdrawal(db, withdrawal)["status"] == (
            "approved" if approved else "rejected"
        )
        assert coins(db, worker) == (200 if approved else 500)
        assert stored_user(db, worker)["pending_coins"] == 0
        assert len(told(db, worker)) == 1


@promise("2 Balances", "Neither is ever negative")
def test_many_withdrawals_of_one_worker_are_decided_at_once_beside_new_ones_and_new_pay(
    stack, db, new_worker, new_buyer, admin
):
    """One balance that everything meets in; nothing is turned away for it."""
    buyer, worker = new_buyer(1000), new_worker(12 * 200)
    withdrawals = [withdraw(worker) for _ in range(12)]
    submissions = [
        submit(worker, post_task(buyer, required_workers=1, payable_amount=40)) for _ in range(12)
    ]
    calls = alternating(
        [
            deciding(admin, withdrawal, "approve" if number % 2 else "reject")
            for number, withdrawal in enumerate(withdrawals)
        ],
        [reviewing(buyer, submission, "approve") for submission in submissions],
        [withdrawing(worker, 500)] * 12,
    )
    answers = at_once(stack, calls)
    asked = [answer for answer in answers if answer.call.path == "/withdrawals"]
    assert outcomes(answers)[200] == 24
    assert set(outcomes(asked)) <= {201, "insufficient_coins"}
    held = 500 * outcomes(asked)[201]
    assert coins(db, worker) == 6 * 200 + 12 * 40 - held >= 0
    assert stored_user(db, worker)["pending_coins"] == held


# --- edits ---


@promise(
    "4 PUT /:id",
    "{task_title?, task_detail?, submission_info?, task_image_url?, category?, completion_date?} → the task",
)
def test_edits_at_once_are_all_taken_and_the_task_is_found_by_the_texts_that_stand(
    stack, db, new_buyer, new_worker
):
    """Each is good by itself: none is refused for another, nor for work that is handed in."""
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=20)
    calls = alternating(
        [editing(buyer, task, task_title=f"Film {number}") for number in range(20)],
        [editing(buyer, task, task_detail=f"Watch {number}") for number in range(20)],
        [submitting(new_worker(), task) for _ in range(20)],
    )
    assert outcomes(at_once(stack, calls)) == {200: 40, 201: 20}
    kept = stored_task(db, task)
    assert kept["rev"] == 60
    assert [kept["task_title"].split()[0], kept["task_detail"].split()[0]] == ["Film", "Watch"]
    texts = f"{kept['task_title']} {kept['task_detail']}"
    assert sorted(kept["words"]) == sorted(set(texts.lower().split()))


@promise("4 PUT /:id", "completion_date ahead, an earlier one 400")
def test_of_deadlines_moved_at_once_the_latest_stands(stack, db, new_buyer):
    buyer = new_buyer(1000)
    task = post_task(buyer)
    dates = [ahead(days=10 + number) for number in range(CLIENTS)]
    answers = at_once(stack, [editing(buyer, task, completion_date=date) for date in dates])
    assert set(outcomes(answers)) <= {200, "invalid_input"}
    assert answers[-1].status == 200
    kept = stored_task(db, task)
    assert iso(kept["completion_date"]) == dates[-1] == iso(kept["expires_at"])


@promise("4 PUT /:id", "completion_date ahead, an earlier one 400")
def test_a_deadline_is_moved_to_a_day_or_into_it_at_once(stack, db, new_buyer):
    """The whole day ends after its noon, and begins before it: whichever came first stands."""
    buyer = new_buyer(1000)
    noon, day = "2035-05-05T12:00:00.000Z", "2035-05-05T00:00:00.000Z"
    for turn in range(4):
        task = post_task(buyer)
        both = [editing(buyer, task, completion_date=date) for date in (noon, day)[:: (-1) ** turn]]
        answers = at_once(stack, both * 20)
        assert outcomes(answers) == {200: 20, "invalid_input": 20}
        taken = {answer.body["completion_date"] for answer in answers if answer.status == 200}
        assert taken == {iso(stored_task(db, task)["completion_date"])}


@promise("4 PUT /:id", "The stored completion_date again is no change")
def test_the_same_deadline_many_times_at_once_is_one_change(stack, db, new_buyer):
    buyer = new_buyer(1000)
    task = post_task(buyer)
    answers = at_once(stack, [editing(buyer, task, completion_date=ahead(days=10))] * CLIENTS)
    assert outcomes(answers) == {200: CLIENTS}
    assert stored_task(db, task)["rev"] == 1
    assert len({answer.body["updatedAt"] for answer in answers}) == 1


@promise("4 PUT /:id", "The stored completion_date again is no change")
def test_a_deadline_that_others_move_there_and_then_on_is_an_earlier_one(stack, db, new_buyer):
    """There is no moment at which it could be told as the task's."""
    buyer = new_buyer(1000)
    task = post_task(buyer)
    first, second = now() + datetime.timedelta(days=10), now() + datetime.timedelta(days=20)

    def moved(date):
        change = {"$set": {"completion_date": date, "expires_at": date}, "$inc": {"rev": 1}}
        db.tasks.update_one({"_id": ObjectId(task["_id"])}, change)

    point = held_up(stack.mongo.admin, "findAndModify", times=2, ms=2000, collection=db.tasks)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, point as under_way:
        edit = pool.submit(
            buyer.api.put, f"/tasks/{task['_id']}", json={"completion_date": iso(first)}
        )
        under_way(1)
        moved(first)
        under_way(2)
        moved(second)
        assert_error(edit.result(), 400, "invalid_input")


@promise("1 Responses", "PUT of a task honours `If-Match` (412)")
def test_an_if_match_of_before_the_task_was_completed_does_not_match(
    stack, db, new_buyer, new_worker
):
    buyer = new_buyer(1000)
    task = post_task(buyer, required_workers=1)
    submission = submit(new_worker(), task)
    path = f"/tasks/{task['_id']}"
    tag = {"If-Match": buyer.api.get(path).headers["etag"]}
    point = held_up(stack.mongo.admin, "findAndModify", ms=2000, collection=db.tasks)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, point as under_way:
        edit = pool.submit(buyer.api.put, path, json={"category": "other"}, headers=tag)
        under_way()
        approve(buyer, submission)
        eventually(lambda: stored_task(db, task)["status"] == "completed")
        assert_error(edit.result(), 412, "precondition_failed")


# --- deadlines ---


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_sweeps_at_once_refund_once(stack, db, new_buyer):
    """Sweeps may run many times at once, beside the stack's own."""
    buyer = new_buyer(1000)
    tasks = [post_task(buyer, required_workers=2, payable_amount=10) for _ in range(20)]
    for task in tasks:
        pass_deadline(db, task)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        assert [run.returncode for run in pool.map(lambda _: stack.ctl("sweep"), range(5))] == [
            0
        ] * 5
    assert coins(db, buyer) == 1000
    assert [one["type"] for one in told(db, buyer)].count("task") == 20


# --- roles ---


@promise("9 PUT /users/:id/role", "409 while the user has open tasks")
@promise(
    "10 Collections",
    "Guards and counters of users: open_tasks, pending_submissions, pending_withdrawals, closing, "
    "tokens_valid_after",
)
def test_a_change_of_role_against_new_tasks(stack, db, new_buyer, admin):
    """409 while the user has open tasks: so either the role changed or tasks were made, never
    both.
    """
    for _ in range(4):
        buyer = new_buyer(1000)
        change = Call("PUT", f"/admin/users/{buyer.id}/role", admin.token, {"role": "worker"})
        answers = at_once(stack, alternating([change] * 25, [creating(buyer) for _ in range(25)]))
        changed = [answer for answer in answers if answer.call is change and answer.status == 200]
        made = [answer for answer in answers if answer.status == 201]
        assert bool(changed) != bool(made), outcomes(answers)
        assert set(outcomes(answers)) <= {200, 201, "conflict", "forbidden"}
        role = db.users.find_one({"_id": ObjectId(buyer.id)})["role"]
        assert role == ("worker" if changed else "buyer")


@promise("9 PUT /users/:id/role", "409 while the user has pending submissions")
def test_a_change_of_role_against_new_submissions(stack, db, new_buyer, new_worker, admin):
    """409 while the user has pending submissions."""
    buyer = new_buyer(10_000)
    tasks = [post_task(buyer, required_workers=10, payable_amount=1) for _ in range(25)]
    for _ in range(4):
        worker = new_worker()
        change = Call("PUT", f"/admin/users/{worker.id}/role", admin.token, {"role": "buyer"})
        answers = at_once(
            stack, alternating([change] * 25, [submitting(worker, task) for task in tasks])
        )
        changed = [answer for answer in answers if answer.call is change and answer.status == 200]
        made = [answer for answer in answers if answer.status == 201]
        assert bool(changed) != bool(made), outcomes(answers)
        assert set(outcomes(answers)) <= {200, 201, "conflict", "forbidden"}
        assert db.submissions.count_documents({"worker_id": ObjectId(worker.id)}) == len(made)


@promise("9 PUT /users/:id/role", "409 while the user has pending withdrawals")
def test_a_change_of_role_against_new_withdrawals(stack, db, new_worker, admin):
    """409 while the user has pending withdrawals."""
    for _ in range(4):
        worker = new_worker(10_000)
        change = Call("PUT", f"/admin/users/{worker.id}/role", admin.token, {"role": "buyer"})
        answers = at_once(stack, alternating([change] * 25, [withdrawing(worker)] * 25))
        changed = [answer for answer in answers if answer.call is change and answer.status == 200]
        made = [answer for answer in answers if answer.status == 201]
        assert bool(changed) != bool(made), outcomes(answers)
        assert set(outcomes(answers)) <= {200, 201, "conflict", "forbidden"}
        assert stored_user(db, worker)["pending_coins"] == 200 * len(made)


@promise("9 PUT /users/:id/role", "409 for the last admin")
def test_of_the_last_two_admins_one_remains(stack, db, new_admin):
    """409 for the last admin: two who demote each other at once must not both succeed."""
    others = list(db.users.find({"role": "admin"}, {"_id": 1}))
    db.users.update_many({"role": "admin"}, {"$set": {"role": "worker"}})
    try:
        admins = [new_admin() for _ in range(2)]
        calls = [
            Call(
                "PUT",
                f"/admin/users/{admins[1 - i % 2].id}/role",
                admins[i % 2].token,
                {"role": "worker"},
            )
            for i in range(50)
        ]
        answers = at_once(stack, calls)
        assert set(outcomes(answers)) <= {200, "conflict", "forbidden"}
        assert db.users.count_documents({"role": "admin"}) == 1
    finally:
        db.users.update_many(
            {"_id": {"$in": [user["_id"] for user in others]}}, {"$set": {"role": "admin"}}
        )


# --- idempotency keys ---


@promise("1 Idempotency-Key", "Of many repeats at once one happens")
@pytest.mark.parametrize("what", ["task", "submission", "slots", "withdrawal"])
def test_a_key_used_by_many_at_once_has_one_effect(stack, db, new_buyer, new_worker, what):
    buyer, worker = new_buyer(1000), new_worker(1000)
    task = post_task(buyer, required_workers=50, payable_amount=5)
    call = {
        "task": creating(buyer),
        "submission": submitting(new_worker(), task),
        "slots": buying(buyer, task, 2),
        "withdrawal": withdrawing(worker),
    }[what]
    call = call._replace(headers={"Idempotency-Key": unique("key")})
    answers = at_once(stack, [call] * 50)
    done = [answer for answer in answers if answer.status < 300]
    assert set(outcomes(answers)) <= {200, 201, "in_progress"}
    assert (
        len([answer for answer in done if answer.headers.get("idempotent-replayed") != "true"]) == 1
    )
    assert all(answer.body == done[0].body for answer in done)
    assert all(answer.headers["retry-after"] for answer in answers if answer.status == 409)
    [late] = at_once(stack, [call])
    assert (late.body, late.headers["idempotent-replayed"]) == (done[0].body, "true")
    assert coins(db, buyer) == {"task": 740, "slots": 740}.get(what, 750)
    assert stored_task(db, task)["required_workers"] == {"submission": 49, "slots": 52}.get(what, 50)
    assert coins(db, worker) == (800 if what == "withdrawal" else 1000)
