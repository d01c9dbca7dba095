"""Contract, sections 1 and 5: what passes is a 503 with Retry-After, never a 500, and never part of
an answer that is kept; its key is free, and what was done before stays done. It is told before nginx
gives up, after 15 s: that would be a 504.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from bson import ObjectId

from client import assert_error, eventually, ok, task_input, unique
from fail_points import patient_server
from market import coins, post_task, stored_submission, submit
from promises import promise

pytestmark = pytest.mark.usefixtures("books", "counters")
TASK = task_input(required_workers=1, payable_amount=10)


@pytest.fixture
def failing(stack):
    """with failing(["insert"], errorCode=189): … makes such commands of the service fail."""

    @contextlib.contextmanager
    def fail(commands, mode="alwaysOn", **data):
        stack.fail_point("failCommand", mode, failCommands=commands, appName="microtask", **data)
        try:
            yield
        finally:
            stack.fail_point("failCommand", "off")

    yield fail
    stack.fail_point("failCommand", "off")


def key():
    return {"Idempotency-Key": unique("key")}


# --- errors of a server that steps down, stops, is overrun, or is cut off from its set ---

ERRORS = {
    "stepped down": 189,
    "shutting down": 91,
    "no primary": 10107,
    "interrupted by a stepdown": 11602,
    "interrupted by a shutdown": 11600,
    "neither primary nor secondary": 13436,
    "no primary, and not to be read from": 13435,
    "timed out": 50,
    "overrun": 262,
    "cut off": 6,
    "socket": 9001,
    "conflict": 112,
    "interrupted": 11601,
}
UNCONFIRMED = {
    "not in time": 64,
    "too few members": 100,
    "stepped down": 189,
    "shutting down": 91,
    "interrupted by a stepdown": 11602,
    "no primary": 10107,
}
WRITES = ["insert", "update", "findAndModify", "delete"]
READS = ["find", "aggregate", "count"]
FAULTS = [
    *((name, on, {"errorCode": code}) for name, code in ERRORS.items() for on in (WRITES, READS)),
    *((name, ["commitTransaction"], {"errorCode": code}) for name, code in ERRORS.items()),
    *(
        (f"{name}, unconfirmed", on, {"writeConcernError": {"code": code, "errmsg": "made up"}})
        for name, code in UNCONFIRMED.items()
        for on in (WRITES, ["commitTransaction"])
    ),
]


class Calls:
    """One call of each kind, with keys where they take them; each can be sent again."""

    def __init__(self, new_buyer, new_worker):
        self.buyer, self.worker = new_buyer(1000), new_worker()
        task = post_task(self.buyer, required_workers=3, payable_amount=5)
        self.submission = submit(new_worker(), task)
        reviewed = [submit(new_worker(), task)["_id"]]
        self.keys = [key(), key(), key()]
        buyer = self.buyer.api
        approve = f"/submissions/{self.submission['_id']}/approve"
        review = {"ids": reviewed, "status": "approved"}
        self.keyed = [
            lambda: buyer.post("/tasks", json=TASK, headers=self.keys[0]),
            lambda: buyer.put(approve, headers=self.keys[1]),
            lambda: buyer.post("/submissions/review", json=review, headers=self.keys[2]),
        ]
        self.others = [
            lambda: buyer.get("/auth/me"),
            lambda: buyer.get("/tasks/buyer/my-tasks"),
            lambda: self.worker.api.put("/notifications/read-all"),
            lambda: self.worker.api.put("/auth/profile", json={"name": "Else"}),
            lambda: self.worker.api.post("/notifications/stream-ticket"),
        ]


@promise(
    "1 Errors",
    "503 at worst, never 500, while a set steps down, elects, stops or does not confirm",
)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[0]}, {fault[1][0]}")
def test_a_passing_fault_is_a_503_at_worst_and_leaves_the_key_free(
    db, new_buyer, new_worker, failing, fault
):
    _, commands, data = fault
    calls = Calls(new_buyer, new_worker)
    everything = calls.keyed + calls.others
    with ThreadPoolExecutor(len(everything)) as pool:
        with failing(commands, **data):
            answers = [pool.submit(call) for call in everything]
            answers = [one.result() for one in answers]
        for answer in answers:
            assert answer.status_code in (200, 201, 503), answer.text
            if answer.status_code == 503:
                assert_error(answer, 503, "unavailable")
                assert int(answer.headers["retry-after"]) >= 1
        again = list(pool.map(lambda call: call(), calls.keyed))
    assert [answer.status_code for answer in again] == [201, 200, 200], [a.text for a in again]
    assert all(result["ok"] for result in again[2].json()["results"])
    assert db.tasks.count_documents({"buyer_id": ObjectId(calls.buyer.id)}) == 2
    assert stored_submission(db, calls.submission)["status"] == "approved"


@promise(
    "1 Idempotency-Key",
    "A key that cannot be given back at once is released as soon as it can",
)
def test_a_key_that_cannot_be_given_back_at_once_is_free_as_soon_as_it_can(
    stack, buyer, failing, db
):
    """Its claim is there, and for a while nothing can be taken out: then it goes by itself, long
    before its lease of 30 s.
    """
    headers = key()
    with failing(["commitTransaction", "delete"], errorCode=11602):
        assert_error(buyer.api.post("/tasks", json=TASK, headers=headers), 503, "unavailable")
        claim = {"user_id": ObjectId(buyer.id)}
        assert db.idempotency.find_one(claim)["state"] == "claimed", "nothing could be taken out"
        assert_error(buyer.api.post("/tasks", json=TASK, headers=headers), 409, "in_progress")
    eventually(lambda: db.idempotency.find_one(claim) is None, within=25)
    ok(buyer.api.post("/tasks", json=TASK, headers=headers), 201)


# --- a review of many ---


@contextlib.contextmanager
def held(stack, submission):
    """Inside it a transaction of somebody else has the record, and every review of it conflicts."""
    with patient_server(stack.mongo.admin), stack.mongo.start_session() as session:
        session.start_transaction()
        stack.db.submissions.update_one(
            {"_id": ObjectId(submission)}, {"$set": {"held": 1}}, session=session
        )
        try:
            yield
        finally:
            session.abort_transaction()


def review(buyer, ids, headers, status="approved"):
    body = {"ids": ids, "status": status}
    return buyer.api.post("/submissions/review", json=body, headers=headers)


def finished(answer):
    """The answer, unless it left a rest to the next try again, as it may on a busy machine."""
    return answer if answer.status_code != 503 else None


def handed_in(buyer, new_worker, count):
    workers = [new_worker() for _ in range(count)]
    task = post_task(buyer, required_workers=count, payable_amount=5)
    return workers, [submit(worker, task)["_id"] for worker in workers]


@promise(
    "5 Reviews",
    "Of many: what a passing reason keeps from being done ends the call with 503, never a kept result",
    "Of many: what is done stays done, and the same key goes on",
)
def test_a_busy_record_ends_a_review_with_503_and_the_same_key_goes_on(
    stack, db, new_buyer, new_worker
):
    buyer, headers = new_buyer(100), key()
    workers, ids = handed_in(buyer, new_worker, 3)
    with held(stack, ids[1]):
        refused = review(buyer, ids, headers)
        assert_error(refused, 503, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
    assert [coins(db, worker) for worker in workers] == [5, 0, 5], "what is done stays done"
    answer = review(buyer, ids, headers)
    assert "idempotent-replayed" not in answer.headers
    assert ok(answer)["results"] == [{"_id": one, "ok": True} for one in ids]
    assert [coins(db, worker) for worker in workers] == [5, 5, 5]
    kept = review(buyer, ids, headers)
    assert (kept.content, kept.headers["idempotent-replayed"]) == (answer.content, "true")


@promise(
    "5 Reviews",
    "Of many: what a passing reason keeps from being done ends the call with 503, never a kept result",
)
def test_what_is_refused_for_good_is_part_of_the_answer_that_is_kept(
    stack, new_buyer, new_worker
):
    buyer, headers = new_buyer(100), key()
    _, ids = handed_in(buyer, new_worker, 2)
    _, [strange] = handed_in(new_buyer(100), new_worker, 1)
    unknown = str(ObjectId())
    with held(stack, ids[1]):
        named = [ids[0], strange, ids[1], unknown, ids[0]]
        assert_error(review(buyer, named, headers), 503, "unavailable")
    results = ok(review(buyer, named, headers))["results"]
    assert results == [
        {"_id": ids[0], "ok": True},
        {"_id": strange, "ok": False, "code": "not_owner"},
        {"_id": ids[1], "ok": True},
        {"_id": unknown, "ok": False, "code": "not_found"},
        {"_id": ids[0], "ok": False, "code": "already_processed"},
    ]


@promise("5 Reviews", "Of many: what is done stays done, and the same key goes on")
@pytest.mark.parametrize(
    "commit",
    [
        {"errorCode": 50},
        {"writeConcernError": {"code": 64, "errmsg": "not confirmed"}},
        {"writeConcernError": {"code": 189, "errmsg": "stepped down"}},
        {"closeConnection": True},
    ],
    ids=["unknown", "unconfirmed", "stepped down", "unheard"],
)
def test_a_part_that_was_paid_though_its_commit_failed_is_told_as_done(
    db, new_buyer, new_worker, failing, commit
):
    buyer, headers = new_buyer(100), key()
    workers, ids = handed_in(buyer, new_worker, 2)
    with failing(["commitTransaction"], **commit):
        answer = review(buyer, ids, headers)
        assert_error(answer, 503, "unavailable")
    assert ok(review(buyer, ids, headers))["results"] == [{"_id": one, "ok": True} for one in ids]
    assert [coins(db, worker) for worker in workers] == [5, 5]


@promise(
    "5 Reviews",
    "Of many: what a passing reason keeps from being done ends the call with 503, never a kept result",
    "Of many: what is done stays done, and the same key goes on",
)
def test_a_review_of_a_hundred_ends_before_nginx_gives_up(db, new_buyer, new_worker, failing):
    """Each takes long here: what is not done in time is left to the next try with the key."""
    buyer, headers = new_buyer(1000), key()
    workers, ids = handed_in(buyer, new_worker, 100)
    slow = {"blockConnection": True, "blockTimeMS": 200}
    with failing(["commitTransaction"], **slow):
        answer = review(buyer, ids, headers)
        assert_error(answer, 503, "unavailable")
    done = sum(coins(db, worker) == 5 for worker in workers)
    assert 0 < done < 100
    answer = eventually(lambda: finished(review(buyer, ids, headers)))
    results = ok(answer)["results"]
    assert results == [{"_id": one, "ok": True} for one in ids]
    assert [coins(db, worker) for worker in workers] == [5] * 100


@promise(
    "5 Reviews",
    "Of many: what a passing reason keeps from being done ends the call with 503, never a kept result",
)
def test_a_review_of_a_hundred_busy_records_ends_before_nginx_gives_up(
    new_buyer, new_worker, failing
):
    """Each alone would be tried for three seconds."""
    buyer = new_buyer(1000)
    _, ids = handed_in(buyer, new_worker, 100)
    conflict = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
    with failing(["findAndModify"], **conflict):
        answer = review(buyer, ids, {})
    assert_error(answer, 503, "unavailable")
