"""Contract, section 1: a call with an Idempotency-Key happens once. Here a worker stands still in
the middle of calls until their leases are over and others have done them, and goes on then.
"""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from client import eventually, ok, task_input, unique
from conftest import assert_balanced, own_stack
from fail_points import held_up
from promises import promise

LEASE_SECONDS = 30
CALLS = 12
SLOW_MS = 3000


def stop_past_the_lease(command):
    with own_stack("--no-demo") as stack, ThreadPoolExecutor(CALLS) as pool:
        buyers = [stack.user("buyer", 1000) for _ in range(CALLS)]
        calls = [{"json": task_input(), "headers": {"Idempotency-Key": unique()}} for _ in buyers]

        def post(buyer, call):
            """None where a gateway, or nobody, gave the answer."""
            try:
                answer = buyer.api.post("/tasks", **call)
            except httpx.TransportError:
                return None
            return answer if answer.status_code in (201, 409) else None

        def repeat(buyer, call):
            """Until it does not come to the worker that is stopped."""
            return eventually(lambda: post(buyer, call), within=120)

        stopped = stack.worker_pids()[0]
        with held_up(stack.mongo.admin, command, CALLS, ms=SLOW_MS) as under_way:
            first = [pool.submit(post, *pair) for pair in zip(buyers, calls)]
            under_way(len(stack.worker_pids()))  # those who come to the same worker wait, and go together
            os.kill(stopped, signal.SIGSTOP)
            began = time.monotonic()
        try:
            hanging = [number for number, call in enumerate(first) if not call.result()]
            assert hanging, "the worker that was stopped had no call"
            time.sleep(max(0, LEASE_SECONDS + 1 - (time.monotonic() - began)))
            again = [pool.submit(repeat, buyers[number], calls[number]) for number in hanging]
            for answer in again:
                ok(answer.result(), 201)
        finally:
            os.kill(stopped, signal.SIGCONT)
        time.sleep(SLOW_MS / 1000)
        assert [buyer.coins() for buyer in buyers] == [990] * CALLS
        for buyer, call in zip(buyers, calls):
            assert ok(post(buyer, call), 201)["remainingCoins"] == 990
        assert stack.db.tasks.count_documents({}) == CALLS
        assert_balanced(stack)


@promise(
    "1 Idempotency-Key",
    "One happens also when a claimant that stood still past its lease goes on",
)
def test_what_a_worker_goes_on_with_after_its_lease_does_not_happen_again():
    """insert: it stops with the claim on its way, and goes on with a transaction that is new.
    update: inside the transaction. commitTransaction: with the commit on its way. Each on a stack
    of its own, and all at once, as they wait most of the time.
    """
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(stop_past_the_lease, ["insert", "update", "commitTransaction"]))
