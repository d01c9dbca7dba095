"""The build that fails on purpose (src/base/buggify.h): each kind of fault happens where it is said
to, a card is charged once for a key whatever is heard of it, and other builds have nothing of this.
What else must hold meanwhile is looked at by test_torture.py, with the same build.
"""

import contextlib
import json
import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import eventually, unique
from conftest import ROOT, own_stack
from promises import promise
from stripe_stack import assert_credited, db, fake, promises, purchase, settings  # noqa: F401

PROGRAMS = ["microtaskd", "microtaskctl", "microtask-events"]
ORDINARY = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
PER_MILLE, BUYERS, PURCHASES = 400, 8, 6  # of each
SLOW, FAILS, UNKNOWN = "slow", "fails", "is done, and nobody hears"
KINDS = {
    "commit": (SLOW, FAILS, UNKNOWN),
    "insert idempotency": (SLOW, FAILS, UNKNOWN),  # a claim
    "find users": (SLOW, FAILS),  # the read of a caller
    "fetch": (SLOW, FAILS, UNKNOWN),  # a call to the provider
}


@pytest.fixture(scope="module")
def stack(settings, buggify_build):  # noqa: F811
    faults = {"BUGGIFY_SITES": ",".join(KINDS), "BUGGIFY_SLOWEST_MS": "300"}
    env = {"BUILD_DIR": str(buggify_build), **settings, **faults}
    with own_stack("--no-demo", env=env) as stack:
        yield stack


@contextlib.contextmanager
def failing(stack):
    """The programs look for the file ten times a second."""
    file = stack.state / "run" / "buggify"
    file.write_text(f"{PER_MILLE}\n")
    try:
        yield
    finally:
        file.unlink()
        time.sleep(0.25)


def is_paid(answer):
    """Else it says when to ask again."""
    if answer.status_code != 200:
        assert answer.json()["code"] == "unavailable", answer.text
        assert int(answer.headers["retry-after"]) > 0
    return answer.status_code == 200


@promise("7 POST /purchase-coins", "With stripe: the card is charged")
def test_a_card_is_charged_once_for_a_key_whatever_fails(stack, fake, new_buyer):  # noqa: F811
    workers, buyers = stack.worker_pids(), [new_buyer(0) for _ in range(BUYERS)]

    def buy(buyer):
        for _ in range(PURCHASES):
            order = {"card": fake.card(), "key": unique("key")}
            eventually(lambda: is_paid(purchase(buyer, **order)), within=120)

    with failing(stack), ThreadPoolExecutor(BUYERS) as threads:
        list(threads.map(buy, buyers))
    for buyer in buyers:
        assert fake.charged(buyer) == PURCHASES
        assert_credited(stack, buyer, 150 * PURCHASES, PURCHASES)
    assert stack.worker_pids() == workers, "a worker ended"


@pytest.mark.parametrize("site, what", [(site, what) for site in KINDS for what in KINDS[site]])
def test_each_kind_of_fault_happened(stack, site, what):
    """By the logs, behind the test that provokes them."""
    lines = [json.loads(line).get("message", "") for line in stack.worker_log().splitlines()]
    assert any(f"buggify: {site}, " in line and f": {what}" in line for line in lines)


@pytest.mark.parametrize("name", PROGRAMS)
def test_another_build_has_nothing_of_it(buggify_build, name):
    """Neither a function nor a setting nor a word; what is looked for is in the build that has it."""
    traces = [b"buggify_begin", b"__wrap_", b"BUGGIFY_CHANCE", b"This is a buggify build"]
    ours, other = (buggify_build / name).read_bytes(), (ORDINARY / name).read_bytes()
    assert [trace for trace in traces if trace not in ours] == []
    assert [trace for trace in traces if trace in other] == []
