"""Contract, section 2: callers who commit at the same moment share a transaction, and each of them notices nothing of
the others: who cannot do what they ask is refused as if alone, and all others succeed.

The stack here has one worker, and the commit of a first call is held up: whoever comes meanwhile is in one group.
"""

import concurrent.futures
import contextlib
import os
import signal
import time

import pytest
from bson import ObjectId

from client import assert_error, eventually, ok, task_input, unique
from conftest import assert_balanced, own_stack
from fail_points import held_up, patient_server
from market import assert_counters, coins, post_task, stored_task, submit, tasks_of, told
from promises import promise
from test_debts import assert_paid, owe

COMPANY = 8
HELD_MS = 1500  # for the others to gather in; who commits has 3 s


@pytest.fixture(scope="module")
def stack():
    """All that is to gather comes to one process."""
    with own_stack("--no-demo", "--workers", "1", "--threads", "32") as stack:
        with stack.sweep_paused():
            yield stack


@pytest.fixture(scope="module")
def db(stack):
    return stack.db


@pytest.fixture(autouse=True)
def balanced(stack):
    yield
    assert_balanced(stack)
    assert_counters(stack.db, stack.db.users.find_one(sort=[("_id", 1)])["createdAt"])


def new_key():
    return {"Idempotency-Key": unique("key-")}


def post(user, path, body, headers):
    return user.api.post(path, json=body, headers=headers)


def submission_to(task, worker, headers=None):
    """A call that hands in work: called, it is sent."""
    body = {"task_id": task["_id"], "submission_details": "Done."}
    return lambda: post(worker, "/submissions", body, headers or {})


def approval_of(submission, buyer):
    return lambda: buyer.api.put(f"/submissions/{submission['_id']}/approve")


def posting(buyer, headers, **changes):
    body = task_input(required_workers=1, payable_amount=10, **changes)
    return lambda: post(buyer, "/tasks", body, headers)


def commits(stack):
    """How many transactions mongod has committed, and aborted."""
    told = stack.mongo.admin.command("serverStatus")["transactions"]
    return told["totalCommitted"], told["totalAborted"]


def switches(pid):
    """How often each thread of a process went to sleep."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as status:
            found[thread] = [line for line in status if "ctxt_switches" in line]
    return found


def all_wait(stack):
    """Does the worker do nothing for a moment but wait for the answer to the first commit?"""
    [pid] = stack.worker_pids()
    before = switches(pid)
    time.sleep(0.1)
    moved = [thread for thread, now in switches(pid).items() if now != before.get(thread)]
    return len(moved) <= 2  # the driver looks at the server now and then


class Gathered:
    """with Gathered(stack, first, others) as gathered: … what happens while the others wait for the first to be back.

    gathered.answers(): of the others, in their order, once all are there; then gathered.committed and .aborted tell
    how many transactions the group took.
    """

    def __init__(self, stack, first, others, held=1):
        self.stack, self.first, self.others = stack, first, others
        self.point = held_up(stack.mongo.admin, "commitTransaction", times=held, ms=HELD_MS)
        self.pool = concurrent.futures.ThreadPoolExecutor(len(others) + 1)

    def __enter__(self):
        self.under_way = self.point.__enter__()
        self.alone = self.pool.submit(self.first)
        self.under_way(1)
        self.before = commits(self.stack)
        self.sent = [self.pool.submit(call) for call in self.others]
        eventually(lambda: all_wait(self.stack))
        return self

    def __exit__(self, *failure):
        self.point.__exit__(*failure)
        self.pool.shutdown()

    def answers(self):
        assert self.alone.result().status_code < 300
        answers = [one.result() for one in self.sent]
        now = commits(self.stack)
        self.committed = now[0] - self.before[0] - 1  # the first one's
        self.aborted = now[1] - self.before[1]
        return answers


def open_tasks(stack, count, **changes):
    """Each of a buyer of its own."""
    return [post_task(stack.user("buyer", 1000), **changes) for _ in range(count)]


def first_submission(stack):
    [task] = open_tasks(stack, 1)
    return submission_to(task, stack.user("worker"))


# --- groups ---


def to_submit(stack):
    tasks = open_tasks(stack, COMPANY + 1)
    return [submission_to(task, stack.user("worker")) for task in tasks]


def to_submit_to_one(stack):
    [task] = open_tasks(stack, 1, required_workers=COMPANY + 1)
    return [submission_to(task, stack.user("worker"), new_key()) for _ in range(COMPANY + 1)]


def to_approve(stack):
    buyers = [stack.user("buyer", 1000) for _ in range(COMPANY + 1)]
    return [
        approval_of(submit(stack.user("worker"), post_task(buyer)), buyer) for buyer in buyers
    ]


def to_post(stack):
    return [posting(stack.user("buyer", 100), new_key()) for _ in range(COMPANY + 1)]


def to_post_of_one(stack):
    buyer = stack.user("buyer", 1000)
    return [posting(buyer, {}) for _ in range(COMPANY + 1)]


@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
)
@pytest.mark.parametrize(
    "calls", [to_submit, to_submit_to_one, to_approve, to_post, to_post_of_one]
)
def test_callers_of_the_same_moment_share_a_commit(stack, calls):
    first, *others = calls(stack)
    with Gathered(stack, first, others) as gathered:
        answers = gathered.answers()
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.text for answer in answers}) == COMPANY, "each has their own answer"
    assert gathered.committed <= COMPANY // 2
    assert gathered.aborted == 0


@promise(
    "2 Slots and escrow",
    "Approving pays the worker `payable_amount` out of the task's escrow",
)
def test_each_of_a_group_is_told_the_balance_that_its_own_coins_made(stack, db):
    """Also where all of them pay the same worker."""
    buyer, worker = stack.user("buyer", 1000), stack.user("worker")
    done = [submit(worker, post_task(buyer, payable_amount=10)) for _ in range(COMPANY)]
    [first] = [
        approval_of(submit(stack.user("worker"), post_task(buyer, payable_amount=10)), buyer)
    ]
    with Gathered(stack, first, [approval_of(one, buyer) for one in done]) as gathered:
        answers = gathered.answers()
    balances = sorted(ok(answer)["workerNewBalance"] for answer in answers)
    assert balances == list(range(10, 10 * COMPANY + 1, 10))
    assert coins(db, worker) == 10 * COMPANY
    assert gathered.committed <= COMPANY // 2


@promise("1 Idempotency-Key", "A repeat gets the same status and body with `Idempotent-Replayed: true`")
def test_with_and_without_keys_they_go_together(stack, db):
    """The one has a step more than the other."""
    tasks = open_tasks(stack, COMPANY)
    keys = [new_key() if number % 2 else {} for number in range(COMPANY)]
    calls = [submission_to(task, stack.user("worker"), key) for task, key in zip(tasks, keys)]
    with Gathered(stack, first_submission(stack), calls) as gathered:
        answers = gathered.answers()
    assert [answer.status_code for answer in answers] == [201] * COMPANY
    assert gathered.committed <= COMPANY // 2
    for call, answer in list(zip(calls, answers))[1::2]:
        again = call()
        assert (again.content, again.headers["idempotent-replayed"]) == (answer.content, "true")


def test_who_owes_pays_in_a_group_as_alone(stack, db):
    buyer, debtor, twice = stack.user("buyer", 1000), stack.user("worker"), stack.user("worker")
    owe(db, debtor, 7)
    owe(db, twice, 15)
    of = [debtor, twice, twice] + [stack.user("worker") for _ in range(COMPANY - 3)]
    done = [submit(worker, post_task(buyer, payable_amount=10)) for worker in of]
    first = approval_of(submit(stack.user("worker"), post_task(buyer)), buyer)
    with Gathered(stack, first, [approval_of(one, buyer) for one in done]) as gathered:
        answers = gathered.answers()
    assert [answer.status_code for answer in answers] == [200] * COMPANY
    assert_paid(db, debtor, 10, 7)
    assert coins(db, twice) == 5


# --- one of them cannot ---


class Poison:
    """One of a group whose call cannot be done, for something that happens while it waits."""

    def __init__(self, stack):
        self.stack, self.db = stack, stack.db
        self.buyer, self.worker = stack.user("buyer", 1000), stack.user("worker")
        self.task = post_task(self.buyer, required_workers=1)
        self.headers = new_key()

    def call(self):
        return submission_to(self.task, self.worker, self.headers)

    def also(self):
        """What goes with it in the group."""
        return []

    def happen(self):
        pass


class TaskCancelled(Poison):
    answer = 404, "not_found"

    def happen(self):
        ok(self.buyer.api.delete(f"/tasks/{self.task['_id']}"))


class CallerRemoved(Poison):
    answer = 401, "unauthorized"

    def happen(self):
        admin = self.stack.user("admin")
        ok(admin.api.delete(f"/admin/users/{self.worker.id}"))
        self.stack.retire(admin)


class SubmittedTwice(Poison):
    """Both in the group: one of them is done."""

    answer = 400, "already_submitted"

    def also(self):
        return [submission_to(self.other, self.worker, new_key())]

    def __init__(self, stack):
        super().__init__(stack)
        self.other = self.task = post_task(self.buyer, required_workers=5)


class ClaimLost(Poison):
    """Somebody has taken over the key, as after its lease."""

    answer = 409, "in_progress"

    def happen(self):
        claim = {"user_id": ObjectId(self.worker.id)}
        assert self.db.idempotency.count_documents(claim) == 1
        self.db.idempotency.update_one(claim, {"$set": {"token": ObjectId()}})


class SlotTaken(Poison):
    """By somebody of another process."""

    answer = 400, "no_open_slot"

    def happen(self):
        change = {"$inc": {"required_workers": -1}}
        self.db.tasks.update_one({"_id": ObjectId(self.task["_id"])}, change)
        self.undo = {"$inc": {"required_workers": 1}}


POISONS = [TaskCancelled, CallerRemoved, SubmittedTwice, ClaimLost, SlotTaken]


@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
)
@pytest.mark.parametrize("poison", POISONS)
def test_who_cannot_is_refused_and_all_others_succeed(stack, db, poison):
    one = poison(stack)
    tasks = open_tasks(stack, COMPANY)
    good = [submission_to(task, stack.user("worker"), new_key()) for task in tasks]
    calls = good[:3] + [one.call()] + good[3:] + one.also()
    with Gathered(stack, first_submission(stack), calls) as gathered:
        one.happen()
        answers = gathered.answers()
    if hasattr(one, "undo"):
        db.tasks.update_one({"_id": ObjectId(one.task["_id"])}, one.undo)
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 1
    assert_error(refused[0], *one.answer)
    assert gathered.aborted >= 1, "it was in the group"
    assert gathered.committed <= COMPANY // 2 + 3
    for task in tasks:
        assert stored_task(db, task)["required_workers"] == 1
        assert db.submissions.count_documents({"task_id": ObjectId(task["_id"])}) == 1


@promise("2 Slots and escrow", "`required_workers` counts the slots still open; a submission takes one")
@promise("5 POST /", "400 no open slot")
@pytest.mark.parametrize("slots", [1, 3, 7])
def test_of_a_group_exactly_so_many_get_a_slot_as_there_are(stack, db, slots):
    buyer = stack.user("buyer", 1000)
    task = post_task(buyer, required_workers=slots)
    calls = [submission_to(task, stack.user("worker"), new_key()) for _ in range(12)]
    with Gathered(stack, first_submission(stack), calls) as gathered:
        answers = gathered.answers()
    for answer in answers:
        if answer.status_code != 201:
            assert_error(answer, 400, "no_open_slot")
    assert [answer.status_code for answer in answers].count(201) == slots
    assert stored_task(db, task)["required_workers"] == 0
    assert len(told(db, buyer)) == slots


def test_who_wants_what_another_has_locked_holds_up_nobody_else_for_long(stack, db):
    """The lock is that of a process elsewhere, which does not end."""
    tasks = open_tasks(stack, COMPANY + 1)
    calls = [submission_to(task, stack.user("worker"), new_key()) for task in tasks]
    elsewhere = stack.mongo.start_session()
    with patient_server(stack.mongo.admin), elsewhere as session, session.start_transaction():
        locked = {"_id": ObjectId(tasks[4]["_id"])}
        db.tasks.update_one(locked, {"$inc": {"rev": 1}}, session=session)
        with Gathered(stack, first_submission(stack), calls) as gathered:
            others = gathered.sent[:4] + gathered.sent[5:]
            assert [ok(one.result(), 201) for one in others]
            assert gathered.sent[4].running() or gathered.sent[4].result().status_code == 503
            session.abort_transaction()
    repeat_until_done(calls[4])


# --- bad days ---


@contextlib.contextmanager
def commits_fail(stack, mode, **how):
    """The commits that come from now on."""
    stack.fail_point("failCommand", mode, failCommands=["commitTransaction"], **how)
    try:
        yield
    finally:
        stack.fail_point("failCommand", "off")


def repeat_until_done(call):
    """As nginx or a caller does who heard nothing."""

    def again():
        answer = call()
        return answer if answer.status_code == 201 else None

    return eventually(again)


@promise("1 Idempotency-Key", "Of many repeats at once one happens")
def test_a_groups_commit_whose_reply_is_lost_is_told_as_done_to_all(stack, db):
    buyers = [stack.user("buyer", 100) for _ in range(3 * COMPANY)]
    calls = [posting(buyer, new_key()) for buyer in buyers]
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        with commits_fail(stack, {"times": 4}, closeConnection=True, appName="microtask"):
            answers = list(pool.map(lambda call: call(), calls))
    assert {answer.status_code for answer in answers} == {201}
    assert [(tasks_of(db, buyer), coins(db, buyer)) for buyer in buyers] == [(1, 90)] * len(buyers)


@promise("1 Errors", "503 at worst, never 500, while a set steps down, elects, stops or does not confirm")
def test_a_groups_commit_that_nobody_confirms_is_a_503_for_all_and_their_keys_settle_it(stack, db):
    """The first gives up after 3 s. The others come a while after it, and so have time left then."""
    buyers = [stack.user("buyer", 100) for _ in range(COMPANY + 1)]
    first, *others = calls = [posting(buyer, new_key()) for buyer in buyers]
    unconfirmed = {"code": 64, "errmsg": "waiting for replication timed out"}
    with concurrent.futures.ThreadPoolExecutor(COMPANY + 1) as pool:
        with commits_fail(stack, "alwaysOn", writeConcernError=unconfirmed, appName="microtask"):
            sent = [pool.submit(first)]
            time.sleep(2)
            sent += [pool.submit(call) for call in others]
            answers = [one.result() for one in sent]
    for answer in answers:
        assert_error(answer, 503, "unavailable")
    assert {repeat_until_done(call).status_code for call in calls} == {201}
    assert [(tasks_of(db, buyer), coins(db, buyer)) for buyer in buyers] == [(1, 90)] * len(buyers)


@promise("1 Idempotency-Key", "A dead claimant's lease is taken over")
@promise(
    "1 Idempotency-Key",
    "The business transaction completes the claim, so a crash leaves either both or nothing",
)
@pytest.mark.parametrize("victim", ["worker", "mongod"])
def test_a_kill_in_the_middle_of_a_groups_commit_leaves_all_of_it_to_be_done_once(
    stack, db, victim
):
    buyers = [stack.user("buyer", 100) for _ in range(COMPANY)]
    calls = [posting(buyer, new_key()) for buyer in buyers]
    first = posting(stack.user("buyer", 100), new_key())
    with Gathered(stack, first, calls, held=2) as gathered:
        gathered.under_way(2)
        pid = stack.worker_pids()[0] if victim == "worker" else stack.mongod_pid()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: pid not in (*stack.worker_pids(), stack.mongod_pid()))
        eventually(stack.is_ready)
        for one in gathered.sent:
            one.result()
    for call in calls:
        repeat_until_done(call)
    assert [(tasks_of(db, buyer), coins(db, buyer)) for buyer in buyers] == [(1, 90)] * COMPANY
