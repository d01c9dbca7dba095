"""Contract, section 2: at every moment, also after kill -9 of any process at any point, the books
balance, no acknowledged write is lost, and the records that were being worked on are usable again
within 15 seconds.
"""

import concurrent.futures
import contextlib
import os
import queue
import signal
import subprocess
import threading
import time

import httpx
import pytest
from bson import ObjectId

from client import eventually, ok, task_input, unique
from fail_points import held_up
from market import (
    approve,
    coins,
    pass_deadline,
    post_task,
    stored_task,
    submit,
    tasks_of,
    told,
)
from promises import promise

pytestmark = pytest.mark.usefixtures("books", "counters")
ROUNDS = 30
USABLE_WITHIN = 15


class Write(Exception):
    """A write without a good answer: whether it happened is for the service to know."""


class Load:
    """Clients who post tasks, hand in work, approve it, withdraw coins and decide about that as
    fast as answers come, until the end of the block.

    What was acknowledged is noted. What got no answer, or a 5xx, is left to a mender, who asks
    again until there is an answer that settles it, and notes how long that took.
    """

    def __init__(self, stack, clients):
        self.stack = stack
        self.over = threading.Event()
        self.admin = stack.user("admin")
        self.tasks, self.submissions, self.approved = [], [], []
        self.withdrawals, self.decided = [], []
        self.cut_short = queue.Queue()
        self.waits = []  # seconds until what was cut short could be done
        self.surprises = []
        self.threads = [
            threading.Thread(target=self.guard, args=(self.work,)) for _ in range(clients)
        ]
        self.menders = [
            threading.Thread(target=self.guard, args=(self.mend,)) for _ in range(clients)
        ]

    def __enter__(self):
        for thread in self.threads + self.menders:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        for _ in self.menders:
            self.cut_short.put(None)
        for thread in self.menders:
            thread.join()
        self.stack.retire(self.admin)

    def goes_on(self, count=4):
        """So many more were approved."""
        wanted = len(self.approved) + count
        eventually(lambda: len(self.approved) >= wanted or self.surprises)

    def guard(self, work):
        try:
            work()
        except BaseException as surprise:  # noqa: B902 - told by the test
            self.surprises.append(repr(surprise))

    def work(self):
        while not self.over.is_set():
            # Anew each time, so that what a killed worker had locked holds up nobody but itself.
            buyer, worker = self.stack.user("buyer", 1000), self.stack.user("worker", 1000)
            try:
                for number in range(4):
                    self.pay_for_work(buyer, worker)
                    if number % 2:
                        self.pay_out(worker, "approve" if number == 1 else "reject")
            except Write:
                pass

    def pay_for_work(self, buyer, worker):
        task = self.write(buyer, "POST", "/tasks", task_input(required_workers=1), 201)["task"]
        self.tasks.append(task["_id"])
        body = {"task_id": task["_id"], "submission_details": "Done."}
        made = self.write(worker, "POST", "/submissions", body, 201, "already_submitted")
        submission = made["submission"]
        self.submissions.append(submission["_id"])
        self.write(
            buyer,
            "PUT",
            f"/submissions/{submission['_id']}/approve",
            None,
            200,
            "already_processed",
        )
        self.approved.append(submission["_id"])

    def pay_out(self, worker, verdict):
        body = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
        withdrawal = self.write(worker, "POST", "/withdrawals", body, 201)["withdrawal"]
        self.withdrawals.append(withdrawal["_id"])
        path = f"/withdrawals/{withdrawal['_id']}/{verdict}"
        self.write(self.admin, "PUT", path, None, 200, "already_processed")
        self.decided.append(withdrawal["_id"])

    def write(self, user, method, path, body, status, settled=None):
        answer = self.ask(user, method, path, body)
        if answer is None or answer.status_code >= 500:
            self.cut_short.put((time.monotonic(), user, method, path, body, status, settled))
            raise Write
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    @staticmethod
    def ask(user, method, path, body):
        try:
            return user.api.request(method, path, json=body)
        except httpx.TransportError:
            return None

    def mend(self):
        while (left := self.cut_short.get()) is not None:
            since, user, method, path, body, status, settled = left
            while True:
                answer = self.ask(user, method, path, body)
                if answer is not None and answer.status_code < 500:
                    break
                if time.monotonic() - since > 3 * USABLE_WITHIN:
                    raise AssertionError(f"{method} {path} cannot be done any more: {answer}")
                time.sleep(0.2)
            self.waits.append(time.monotonic() - since)
            done = answer.status_code == status or (
                settled and answer.json().get("code") == settled
            )
            assert done, f"{method} {path} again: {answer.status_code} {answer.text}"

    def check(self, db):
        """Everything that was acknowledged is there, and nothing stayed unusable."""
        assert self.surprises == []
        assert count(db.tasks, self.tasks) == len(self.tasks)
        assert count(db.submissions, self.submissions) == len(self.submissions)
        assert count(db.submissions, self.approved, status="approved") == len(self.approved)
        assert self.decided, "no withdrawal was decided"
        assert count(db.withdrawals, self.withdrawals) == len(self.withdrawals)
        decided = {"status": {"$in": ["approved", "rejected"]}}
        assert count(db.withdrawals, self.decided, **decided) == len(self.decided)
        assert max(self.waits, default=0) < USABLE_WITHIN


def count(collection, hex_ids, **more):
    return collection.count_documents(
        {"_id": {"$in": [ObjectId(hex_id) for hex_id in hex_ids]}, **more}
    )


@pytest.fixture(scope="module", autouse=True)
def expired(stack):
    """A task whose deadline passes before anything is killed here; the last test asks what became
    of it.
    """
    buyer = stack.user("buyer", 100)
    task = post_task(buyer, required_workers=3, payable_amount=10)
    pass_deadline(stack.db, task)
    return time.monotonic(), buyer, task


# --- workers ---


@promise(
    "2 The books",
    "The sums agree also after `kill -9` of a worker at any point",
    "The records it was working on are usable again within 15 s",
)
def test_workers_killed_under_load_lose_nothing(stack, db):
    with Load(stack, clients=8) as load:
        for number in range(3 * ROUNDS):
            if number >= ROUNDS and len(load.waits) >= ROUNDS / 2:
                break
            before = stack.worker_pids()
            load.goes_on()
            time.sleep(0.037 * (number % 10))
            # One by one, in turn; in every fifth round all of them.
            doomed = before if number % 5 == 4 else [before[number % len(before)]]
            for pid in doomed:
                os.kill(pid, signal.SIGKILL)
            eventually(lambda: not set(stack.worker_pids()) & set(doomed))
            eventually(stack.is_ready)
    load.check(db)
    assert len(load.waits) >= ROUNDS / 2, "the kills did not meet much"


def post_with_key(buyer, key):
    """The same request each time it is sent; None: no answer came."""
    body = f'{{"task_title": "{key}", "task_detail": "x", "submission_info": "x", '
    body += '"required_workers": 1, "payable_amount": 10, "completion_date": "2040-01-01"}'
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    try:
        return buyer.api.post("/tasks", content=body.encode(), headers=headers)
    except httpx.TransportError:
        return None


def was_made(answer):
    return answer is not None and answer.status_code == 201


@promise(
    "1 Idempotency-Key",
    "The business transaction completes the claim, so a crash leaves either both or nothing",
)
def test_a_killed_worker_leaves_the_change_and_its_kept_answer_or_neither(stack, db):
    """One transaction makes both: sent again, a key does what was not done, and nothing else. Commits
    take long here, so that the kills meet them.
    """
    over, sent = threading.Event(), []
    slow = {"failCommands": ["commitTransaction"], "blockConnection": True, "blockTimeMS": 50}

    def post():
        while not over.is_set():
            buyer, key = stack.user("buyer", 100), unique("key")
            sent.append((buyer, key, post_with_key(buyer, key)))

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        stack.fail_point("failCommand", "alwaysOn", **slow)
        clients = [pool.submit(post) for _ in range(12)]
        try:
            for number in range(1, 4):
                eventually(lambda: len(sent) > 20 * number)
                stack.kill_workers()
        finally:
            over.set()
            stack.fail_point("failCommand", "off")
    for client in clients:
        client.result()

    for buyer, key, answer in sent:
        user = ObjectId(buyer.id)
        tasks = db.tasks.count_documents({"buyer_id": user})
        claim = db.idempotency.find_one({"user_id": user})
        kept = claim is not None and claim["state"] != "claimed"
        assert tasks == int(kept) and (kept or not was_made(answer)), (answer, tasks, claim)
    for buyer, key, _ in sent:
        eventually(lambda: was_made(post_with_key(buyer, key)), within=USABLE_WITHIN)
        assert tasks_of(db, buyer) == 1
        assert coins(db, buyer) == 90


@promise(
    "1 Idempotency-Key",
    "The business transaction completes the claim, so a crash leaves either both or nothing",
)
def test_a_killed_review_of_many_goes_on_with_its_key(stack, db, new_buyer, new_worker):
    """Each of the submissions is a transaction of its own, and noted with the key: sent again, as nginx does by
    itself, the call tells of all as done, and pays nobody twice.
    """
    buyer, workers = new_buyer(100), [new_worker() for _ in range(20)]
    task = post_task(buyer, required_workers=20, payable_amount=5)
    ids = [submit(worker, task)["_id"] for worker in workers]
    headers, body = {"Idempotency-Key": unique("key")}, {"ids": ids, "status": "approved"}

    def review():
        with contextlib.suppress(httpx.TransportError):
            return buyer.api.post("/submissions/review", json=body, headers=headers)

    with concurrent.futures.ThreadPoolExecutor(1) as pool, stack.sweep_paused():
        with held_up(stack.mongo.admin, "commitTransaction", skip=5) as under_way:
            first = pool.submit(review)
            under_way()
            for pid in stack.worker_pids():
                os.kill(pid, signal.SIGKILL)
            paid = [coins(db, worker) for worker in workers]
            assert paid == [5] * 5 + [0] * 15, "killed in the middle"
        answer = first.result()
    assert answer.status_code == 200
    assert answer.json()["results"] == [{"_id": one, "ok": True} for one in ids]
    assert [coins(db, worker) for worker in workers] == [5] * 20
    assert review().headers["idempotent-replayed"] == "true"


# --- MongoDB ---


@promise(
    "2 The books",
    "The sums agree also after `kill -9` of MongoDB",
    "The records it was working on are usable again within 15 s",
)
def test_mongod_killed_under_load_loses_nothing(stack, db):
    """The workers outlive it and go on as soon as it is back."""
    workers = stack.worker_pids()
    with Load(stack, clients=4) as load:
        for _ in range(3):
            load.goes_on(20)
            pid = stack.mongod_pid()
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: stack.mongod_pid() != pid)
            eventually(stack.is_ready, within=USABLE_WITHIN)
    load.check(db)
    assert stack.worker_pids() == workers


# --- the sweep ---


@promise("2 The books", "The sums agree also after `kill -9` of a sweep")
def test_a_sweep_killed_in_the_middle_is_finished_by_the_next(stack, db, new_buyer, new_worker):
    buyer = new_buyer(1000)
    tasks = [post_task(buyer, required_workers=2, payable_amount=10) for _ in range(40)]
    submit(new_worker(), tasks[0])
    for task in tasks:
        pass_deadline(db, task)
    for seconds in (0.02, 0.04, 0.08):
        with contextlib.suppress(subprocess.TimeoutExpired):
            stack.ctl("sweep", timeout=seconds)  # then it is killed
    eventually(
        lambda: stack.ctl("sweep").returncode == 0 and coins(db, buyer) == 990,
        every=1,
    )
    assert [one["type"] for one in told(db, buyer)].count("task") == 40
    assert (
        db.tasks.count_documents({"buyer_id": ObjectId(buyer.id), "required_workers": {"$gt": 0}})
        == 0
    )


# --- faults between the service and MongoDB ---

FAULTS = {
    "the commit's answer is lost": {"failCommands": ["commitTransaction"], "closeConnection": True},
    "the commit's outcome is unknown": {
        "failCommands": ["commitTransaction"],
        "errorCode": 50,
        "errorLabels": ["UnknownTransactionCommitResult"],
    },
    "the commit was done but not confirmed": {
        "failCommands": ["commitTransaction"],
        "writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"},
    },
    "the transaction is aborted at commit": {
        "failCommands": ["commitTransaction"],
        "errorCode": 251,
        "errorLabels": ["TransientTransactionError"],
    },
    "a write conflicts": {
        "failCommands": ["update", "insert", "findAndModify"],
        "errorCode": 112,
        "errorLabels": ["TransientTransactionError"],
    },
    "the connection breaks at a write": {
        "failCommands": ["update", "insert", "findAndModify"],
        "closeConnection": True,
    },
}


@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_passing_fault_is_not_the_callers_trouble(stack, db, new_buyer, new_worker, fault):
    """It is done in the end, once."""
    buyer, worker = new_buyer(100), new_worker()
    task = post_task(buyer, required_workers=2, payable_amount=10)

    def with_fault(call):
        stack.fail_point("failCommand", {"times": 1}, **FAULTS[fault])
        try:
            return call()
        finally:
            stack.fail_point("failCommand", "off")

    made = with_fault(
        lambda: ok(
            buyer.api.post("/tasks", json=task_input(required_workers=1, payable_amount=10)), 201
        )
    )
    assert made["remainingCoins"] == coins(db, buyer) == 70
    submission = with_fault(lambda: submit(worker, task))
    assert stored_task(db, task)["required_workers"] == 1
    assert (
        with_fault(lambda: approve(buyer, submission))["workerNewBalance"]
        == coins(db, worker)
        == 10
    )
    assert tasks_of(db, buyer) == 2
    assert len(told(db, worker)) == 1


@promise(
    "2 The books",
    "Every movement is one transaction that changes the balances and appends to the journal",
)
@pytest.mark.parametrize(
    "fault",
    ["the commit's answer is lost", "the commit was done but not confirmed", "a write conflicts"],
)
def test_a_lasting_fault_ends_in_a_5xx_and_does_half_of_nothing(stack, db, new_buyer, fault):
    """The caller is told before nginx gives up; the same key settles afterwards whether it was
    done.
    """
    buyer = new_buyer(100)
    headers, body = {"Idempotency-Key": unique("key")}, task_input(
        required_workers=1, payable_amount=10
    )
    if "commitTransaction" not in FAULTS[fault]["failCommands"]:
        headers = {}  # else the claim of the key, a write of its own, meets the fault
    stack.fail_point("failCommand", "alwaysOn", **FAULTS[fault])
    try:
        answer = buyer.api.post("/tasks", json=body, headers=headers)
    finally:
        stack.fail_point("failCommand", "off")
    assert answer.status_code in (500, 503), answer.text
    assert answer.json()["code"] in ("internal", "unavailable"), "by the service, not by nginx"

    def again():
        answer = buyer.api.post("/tasks", json=body, headers=headers)
        return answer.status_code == 201 and answer.json()

    made = eventually(again, within=60 if headers else USABLE_WITHIN, every=0.5)
    tasks = list(db.tasks.find({"buyer_id": ObjectId(buyer.id)}))
    assert coins(db, buyer) == 100 - 10 * len(tasks)
    if headers:
        assert [str(task["_id"]) for task in tasks] == [made["task"]["_id"]], "once"


# --- meanwhile ---


@promise("2 Deadlines", "Within a minute its open slots are refunded")
def test_the_stacks_own_sweep_refunds_within_a_minute_of_the_deadline(db, expired):
    since, buyer, task = expired
    left = max(0, 60 - (time.monotonic() - since))
    eventually(lambda: stored_task(db, task)["status"] == "completed", within=left, every=0.5)
    assert coins(db, buyer) == 100
