"""docs/architecture.md says what each call asks of MongoDB; here MongoDB itself counts it."""

import pathlib
import re

import pytest

from client import ok, task_input, unique
from market import post_task, submit
from profiling import profiled

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


class Market:
    """Each call acts on something of its own, which is made before it is counted."""

    def __init__(self, stack):
        self.new_worker = lambda: stack.user("worker", 0)
        self.buyer, self.worker = stack.user("buyer", 100_000), stack.user("worker", 100_000)

    def task(self):
        return f"/tasks/{post_task(self.buyer, required_workers=5)['_id']}"

    def work(self, ended=False):
        task = post_task(self.buyer, required_workers=5)
        work = submit(self.new_worker(), task)
        if ended:
            ok(self.buyer.api.delete(f"/tasks/{task['_id']}"))
        return f"/submissions/{work['_id']}"


def submission(market):
    return {"task_id": post_task(market.buyer)["_id"], "submission_details": "Done"}


WITHDRAWAL = {"withdrawal_coin": 200, "payment_system": "bkash", "account_number": "017"}
CALLS = {
    "GET /auth/me": lambda m: (m.buyer, "get", "/auth/me", None),
    "POST /tasks": lambda m: (m.buyer, "post", "/tasks", task_input()),
    "POST /tasks/:id/slots": lambda m: (m.buyer, "post", m.task() + "/slots", {"delta": 1}),
    "DELETE /tasks/:id": lambda m: (m.buyer, "delete", m.task(), None),
    "POST /submissions": lambda m: (m.worker, "post", "/submissions", submission(m)),
    # on an ended task: one that takes work is looked at again where the machine is slow
    "PUT /submissions/:id/approve": lambda m: (m.buyer, "put", m.work(True) + "/approve", None),
    "PUT /submissions/:id/reject": lambda m: (m.buyer, "put", m.work() + "/reject", {}),
    "POST /withdrawals": lambda m: (m.worker, "post", "/withdrawals", WITHDRAWAL),
}


@pytest.fixture(scope="module")
def market(stack):
    return Market(stack)


def told(call):
    """By the page: reads, and steps of the transaction. Its commit is no command of this database."""
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| {call} |"))
    return [int(re.match(r"\d*", cell.strip())[0] or 0) for cell in row.split("|")[2:4]]


def is_anothers(one):
    """The settler's look, for which no answer waits, and what the streams hear."""
    return one["op"] == "getmore" or "required_workers" in one["command"].get("filter", {})


def asked(market, db, call, keyed=False):
    """What one call asks: the least of three, as others may ask something meanwhile."""
    runs = []
    for _ in range(3):
        who, method, path, body = CALLS[call](market)
        given = {} if body is None else {"json": body}
        headers = {"Idempotency-Key": unique("key")} if keyed else {}
        with profiled(db, appName="microtask") as ran:
            answer = getattr(who.api, method)(path, headers=headers, **given)
            ok(answer, answer.status_code if answer.is_success else 200)
        runs.append([f"{one['op']} {one['ns']}" for one in ran if not is_anothers(one)])
    return min(runs, key=len)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_asks_mongodb_for_what_the_page_says(market, db, call):
    ran = asked(market, db, call)
    reads = [one for one in ran if one.startswith("query ")]
    assert [len(reads), len(ran) - len(reads)] == told(call), ran


@pytest.mark.parametrize("call", ["POST /tasks", "POST /submissions"])
def test_a_key_adds_its_claim_and_its_completion(market, db, call):
    keys = db.idempotency.full_name
    added = asked(market, db, call, keyed=True)
    for one in asked(market, db, call):
        added.remove(one)
    assert added == [f"insert {keys}", f"update {keys}"]
