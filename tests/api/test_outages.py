"""What callers see while workers die: nginx asks again whatever may be asked twice, and who is asked then does what
was not done. What a killed worker held is free at once.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from bson import ObjectId

from client import PASSWORD, assert_error, eventually, now, task_input, unique
from conftest import ROOT
from fail_points import held_up, patient_server
from market import coins, pass_deadline, post_task, tasks_of
from promises import promise
from wire import Call, Volley

pytestmark = pytest.mark.usefixtures("books", "counters")
TASK = task_input(required_workers=1, payable_amount=10)
USABLE_WITHIN = 15  # what a killed process worked on
ANSWERED = 15  # nginx gives up on a worker then
# What may be sent twice without a key: what is so after one is so after two.
SAME = {
    "POST /api/auth/login",
    "POST /api/auth/google-login",
    "POST /api/payments/webhook",
    "POST /api/notifications/stream-ticket",
    "PUT /api/notifications/{id}/read",
    "PUT /api/notifications/read-all",
}


@pytest.fixture(autouse=True, scope="module")
def sweep_paused(stack):
    with stack.sweep_paused():
        yield


def post(buyer, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return buyer.api.post("/tasks", json=TASK, headers=headers)


def kill(pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def thread_states(pid):
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        yield stat.read_text().rpartition(")")[2].split()[0]


@contextlib.contextmanager
def standing_still(pids):
    """All their threads: one that has not stopped yet may still take a call."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        eventually(lambda pid=pid: set(thread_states(pid)) == {"T"}, every=0.001)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


class Callers:
    """Each does over and over what may be done twice, and notes what it was answered."""

    def __init__(self, stack, count):
        self.over, self.answers, self.posted = threading.Event(), [], {}
        self.rounds = Counter()
        self.people = [stack.user("buyer", 100000) for _ in range(count)]

    def work(self, buyer):
        calls = [
            lambda: post(buyer, unique("key")),
            lambda: buyer.api.get("/auth/me"),
            lambda: buyer.api.put("/notifications/read-all"),
            lambda: buyer.api.get("/tasks?limit=5"),
        ]
        posted = 0
        while not self.over.is_set():
            for call in calls:
                begun = time.monotonic()
                status = call().status_code
                self.answers.append((status, time.monotonic() - begun))
                posted += status == 201
            self.rounds[buyer.id] += 1
        self.posted[buyer.id] = posted

    def wait_for_rounds(self, more):
        """Each of them has done all calls so often since: then no call of theirs is older."""
        least = {buyer.id: self.rounds[buyer.id] + more for buyer in self.people}
        eventually(lambda: all(self.rounds[one] >= count for one, count in least.items()))

    @contextlib.contextmanager
    def calling(self):
        with ThreadPoolExecutor(len(self.people)) as pool:
            working = [pool.submit(self.work, one) for one in self.people]
            try:
                yield
            finally:
                self.over.set()
        for one in working:
            one.result()


@promise(
    "1 Errors",
    "A worker that dies is no trouble to callers whose call may be asked twice: a key is honoured by the next",
)
def test_callers_see_nothing_of_workers_that_die(stack, db):
    """One by one, and all of them together, and some before they have served anybody. No call meets more than two of
    these: nginx asks four times at most.
    """
    callers = Callers(stack, 6)
    with callers.calling():
        for number in range(12):
            pids = stack.worker_pids()
            kill(pids if number % 3 == 2 else pids[:1])
            if number % 4 == 1:
                time.sleep(0.1)
            else:
                callers.wait_for_rounds(2)
    assert [answer for answer in callers.answers if answer[0] not in (200, 201)] == []
    assert len(callers.answers) > 100
    assert max(seconds for _, seconds in callers.answers) < ANSWERED
    for buyer in callers.people:
        assert tasks_of(db, buyer) == callers.posted[buyer.id]


@promise("1 Idempotency-Key", "A dead claimant's lease is taken over")
def test_a_key_whose_workers_all_die_is_taken_over_at_once(stack, db):
    """Also where the transaction was under way, or others were in it; the caller waits for its first answer, and it is
    the right one.
    """
    buyers = [stack.user("buyer", 100) for _ in range(6)]
    claims = {"user_id": {"$in": [ObjectId(buyer.id) for buyer in buyers]}}
    with ThreadPoolExecutor(6) as pool, held_up(
        stack.mongo.admin, "commitTransaction", times=len(stack.worker_pids())
    ) as under_way:
        posting = [pool.submit(post, buyer, unique("key")) for buyer in buyers]
        under_way()
        eventually(lambda: db.idempotency.count_documents(claims) == 6)
        leased_until = min(claim["lease_until"] for claim in db.idempotency.find(claims))
        kill(stack.worker_pids())
        statuses = [one.result().status_code for one in posting]
    assert statuses == [201] * 6
    assert now() < leased_until, "not after a lease"
    assert [(tasks_of(db, buyer), coins(db, buyer)) for buyer in buyers] == [(1, 90)] * 6


@promise(
    "1 Errors",
    "A worker that dies is no trouble to callers whose call may be asked twice: a key is honoured by the next",
)
def test_login_goes_on_with_another_worker(stack, fresh_throttle):
    users = [stack.user("worker") for _ in range(8)]

    def log_in(user):
        body = {"email": user.email, "password": PASSWORD}
        return stack.api.post("/auth/login", json=body).status_code

    with ThreadPoolExecutor(8) as pool, held_up(
        stack.mongo.admin, "commitTransaction"
    ) as under_way:
        waiting = [pool.submit(log_in, user) for user in users]
        under_way()
        kill(stack.worker_pids())
        assert [one.result() for one in waiting] == [200] * 8


@promise(
    "1 Errors",
    "502 where a worker died on a call that may not be asked twice: nobody knows whether it was done",
)
def test_what_has_no_key_is_sent_once(stack, db):
    """Whether it was done is not known; then that is what is told."""
    buyer, other = stack.user("buyer", 100), stack.user("buyer", 100)
    task = post_task(other, required_workers=1, payable_amount=10)
    with ThreadPoolExecutor(2) as pool, held_up(
        stack.mongo.admin, "commitTransaction", times=2
    ) as under_way:
        posting = pool.submit(post, buyer)
        cancelling = pool.submit(other.api.delete, f"/tasks/{task['_id']}")
        under_way()
        kill(stack.worker_pids())
        for one in (posting, cancelling):
            assert_error(one.result(), 502, "unavailable")
            assert int(one.result().headers["retry-after"]) >= 1
    eventually(stack.is_ready)
    assert tasks_of(db, buyer) <= 1


@promise(
    "1 Errors",
    "502 where a worker died on a call that may not be asked twice: nobody knows whether it was done",
)
@pytest.mark.parametrize("what", ("profile", "task"))
def test_what_another_wrote_meanwhile_stays(stack, db, what):
    """The second sending would write it over, though whoever wrote it was told that it is so."""
    buyer = stack.user("buyer", 100)
    if what == "profile":
        path, field, records, record = "/auth/profile", "name", db.users, ObjectId(buyer.id)
    else:
        task = post_task(buyer, required_workers=1, payable_amount=10)
        path, field, records = f"/tasks/{task['_id']}", "task_title", db.tasks
        record = ObjectId(task["_id"])

    def is_done():
        return records.find_one(record)[field] == "The first"

    with ThreadPoolExecutor(1) as pool, held_up(
        stack.mongo.admin, "commitTransaction"
    ) as under_way:
        writing = pool.submit(buyer.api.put, path, json={field: "The first"})
        under_way()
        pids = stack.worker_pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        eventually(is_done)
        records.update_one({"_id": record}, {"$set": {field: "The second"}})
        kill(pids)
        assert_error(writing.result(), 502, "unavailable")
    eventually(stack.is_ready)
    assert records.find_one(record)[field] == "The second"


@promise("2 The books", "The records it was working on are usable again within 15 s")
def test_records_of_a_killed_worker_are_free_although_the_server_would_keep_them(stack, db):
    buyer = stack.user("buyer", 100)
    with patient_server(stack.mongo.admin):
        with ThreadPoolExecutor(1) as pool, held_up(
            stack.mongo.admin, "insert", collection=db.tasks
        ) as under_way:
            cut_short = pool.submit(post, buyer)
            under_way()
            kill(stack.worker_pids())
            assert cut_short.result().status_code == 502
        eventually(lambda: is_made(buyer), within=USABLE_WITHIN, every=0.2)
    assert (tasks_of(db, buyer), coins(db, buyer)) == (1, 90)


def sweep(stack):
    argv = [stack.env()["MICROTASKCTL"], "sweep", "--every", "1"]
    env = stack.ctl_environment({"MICROTASK_RUN_DIR": str(stack.state / "run")})
    return subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL)


@promise("2 The books", "The records it was working on are usable again within 15 s")
def test_records_of_a_killed_sweep_are_free_when_the_next_begins(stack, db):
    buyer = stack.user("buyer", 100)
    task = post_task(buyer, required_workers=2, payable_amount=10)
    with patient_server(stack.mongo.admin), held_up(
        stack.mongo.admin, "insert", collection=db.ledger
    ) as under_way:
        pass_deadline(db, task)
        with sweep(stack) as first:
            under_way()
            first.kill()
        assert coins(db, buyer) == 80, "killed in the middle"
        with sweep(stack) as second:
            try:
                eventually(lambda: coins(db, buyer) == 100, within=USABLE_WITHIN, every=0.2)
            finally:
                second.terminate()


@promise("2 The books", "The records it was working on are usable again within 15 s")
def test_sweeps_run_one_by_one_leave_but_the_last_ones_file(stack, tmp_path):
    for _ in range(3):
        swept = stack.ctl("sweep", env={"MICROTASK_RUN_DIR": str(tmp_path)})
        assert swept.returncode == 0, swept.stderr
        (left,) = tmp_path.iterdir()
        os.utime(left, (time.time() - 60,) * 2)


def is_made(buyer):
    with contextlib.suppress(httpx.TransportError):
        return post(buyer).status_code == 201


@promise("1 Errors", "What a worker did not begin while its caller waited is not done later")
def test_a_worker_that_stood_still_does_not_do_what_nobody_waits_for_any_more(stack, db):
    """Who has no key would have done it again by then."""
    buyer = stack.user("buyer", 100)
    with Volley(stack, [Call("POST", "/tasks", buyer.token, TASK)] * 4) as left:
        with standing_still(stack.worker_pids()):
            left.fire()
            left.leave()
        assert post(buyer).status_code == 201
    time.sleep(1)  # in which it would
    assert tasks_of(db, buyer) == 1


@promise("1 Errors", "A reload of nginx cuts off no call under way, however long it may take")
def test_what_is_under_way_when_nginx_is_reloaded_is_answered(stack, db):
    """For as long as a call may take."""
    buyer = stack.user("buyer", 100)
    with ThreadPoolExecutor(1) as caller:
        with standing_still(stack.worker_pids()):
            answer = caller.submit(post, buyer)
            time.sleep(0.5)
            os.kill(int(stack.env()["PID_NGINX"]), signal.SIGHUP)
            time.sleep(8)
        assert answer.result().status_code == 201
    assert tasks_of(db, buyer) == 1


def sent_again(call):
    """What the shipped nginx.conf says of it."""
    shipped = (ROOT / "conf" / "nginx.conf").read_text()
    block = shipped.partition("$sent_again {")[2].partition("}")[0]
    for pattern, word in re.findall(r'"~(.+?)"\s+(\w+);', block):
        if re.match(pattern, call):
            return word
    return "never"


@promise(
    "1 Errors",
    "502 where a worker died on a call that may not be asked twice: nobody knows whether it was done",
)
def test_nginx_knows_which_calls_honour_a_key():
    """Of each call in the document of the interface, and of no other."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            if method not in ("get", "head", "post", "put", "delete"):
                continue
            name = f"{method.upper()} /api{path}"
            keyed = "Idempotency" in json.dumps(call.get("parameters", []))
            expected = "keyed" if keyed else "same" if name in SAME else "never"
            address = re.sub(r"\{\w+\}", "0123456789abcdef01234567", name)
            for asked in (address, address + "/"):
                assert sent_again(asked) == expected, f"{name} in $sent_again of conf/nginx.conf"
    for odd in (
        "POST /api/tasksx",
        "POST /x/api/tasks",
        "PUT /api/tasks/1/slots",
        "POST /api/tasks/1",
    ):
        assert sent_again(odd) == "never"
