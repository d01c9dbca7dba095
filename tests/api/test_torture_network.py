"""What torture does to the network of a set, tried in small: a partition that is made and healed,
replies and requests that are lost, connections that are used up. Each key has its effect, once.
"""

import random
import threading

import pytest

from client import assert_error, eventually, ok, task_input, unique
from conftest import assert_balanced
from faults import FAULTS, System
from market import coins, tasks_of
from namespaces import HERE, lacks
from promises import promise
from replica_set import ReplicaSet

TASK = task_input(required_workers=1, payable_amount=10)
LACKING = lacks()


@pytest.fixture(scope="module")
def members():
    with ReplicaSet(network=not LACKING, wires=True) as members:
        yield members


@pytest.fixture(scope="module")
def stack(members):
    with members.stack("", "--no-demo") as stack:
        yield stack


@pytest.fixture
def system(stack, members, tmp_path):
    notes = []
    system = System(stack, members, tmp_path, tmp_path, notes.append)
    system.notes = notes
    yield system
    members.settle()
    eventually(stack.is_ready, within=60)
    assert_balanced(stack)


def post(buyer, key):
    return buyer.api.post("/tasks", json=TASK, headers={"Idempotency-Key": key}, timeout=30)


def made(buyer, key, within=90):
    """Sent again until it is done; whatever comes before is a refusal that passes."""

    def tried():
        answer = post(buyer, key)
        if answer.status_code not in (201, 409):
            assert_error(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        return answer.status_code == 201 and answer

    return eventually(tried, within=within, every=0.2)


def assert_happened_once(stack, buyer):
    assert tasks_of(stack.db, buyer) == 1
    assert coins(stack.db, buyer) == 90


@promise(
    "2 The books",
    "Whatever the network between service and MongoDB loses, a key has one effect",
)
@pytest.mark.parametrize("what", ["requests", "replies"])
@pytest.mark.parametrize("command", ["insert", "commitTransaction", "find"])
@pytest.mark.parametrize("hang", [0, 1])
def test_what_is_lost_on_the_wire_has_one_effect_for_its_key(system, what, command, hang):
    buyer, key = system.stack.user("buyer", 100), unique("key")
    system.members.proxy.lose(what, times=1, hang=hang, only=command)
    try:
        answer = post(buyer, key)
    finally:
        assert system.members.proxy.keep(what) == 1
    if answer.status_code != 201:
        assert_error(answer, 503, "unavailable")
        answer = made(buyer, key)
    assert_happened_once(system.stack, buyer)
    assert post(buyer, key).content == answer.content


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_a_primary_cut_off_from_its_secondaries_is_followed_by_another(system):
    """What it was told alone it takes back, and nobody was told that it happened."""
    members, stack = system.members, system.stack
    buyers = [stack.user("buyer", 100) for _ in range(4)]
    leaver = stack.user("worker")
    end = FAULTS["rollback"].begin(system, random.Random(1))
    assert end, system.notes
    try:
        assert_error(leaver.api.post("/auth/logout", timeout=30), 503, "unavailable")
        ok(leaver.api.get("/auth/me"))
        answers = [made(buyer, f"key-{buyer.id}") for buyer in buyers]
    finally:
        end()
    eventually(lambda: any("took back" in note for note in system.notes), within=120)
    members.settle()
    for buyer, answer in zip(buyers, answers):
        assert_happened_once(stack, buyer)
        assert post(buyer, f"key-{buyer.id}").content == answer.content
    ok(leaver.api.get("/auth/me"))


@pytest.mark.skipif(bool(LACKING), reason=LACKING)
def test_what_is_cut_is_silent_and_as_it_was_when_it_is_whole_again(system):
    members = system.members
    primary, (member, _) = members.primary(), members.secondaries()
    with members.cut((member, HERE)):
        assert ok(system.stack.user("buyer", 50).api.get("/auth/me"))["coins"] == 50
    with members.cut((primary, member)), members.cut((primary, member), (member, primary)):
        made(system.stack.user("buyer", 100), unique("key"))
    assert not +members.network.cuts


@promise(
    "2 The books",
    "Whatever the network between service and MongoDB loses, a key has one effect",
)
def test_while_a_member_takes_no_connections_calls_are_a_503_at_worst(system):
    buyer, over, seen = system.stack.user("buyer", 100), threading.Event(), set()

    def read():
        while not over.is_set():
            seen.add(buyer.api.get("/auth/me", timeout=30).status_code)

    readers = [threading.Thread(target=read) for _ in range(4)]
    end = FAULTS["connections"].begin(system, random.Random(1))
    try:
        for reader in readers:
            reader.start()
        over.wait(4)
    finally:
        end()
        over.set()
        for reader in readers:
            reader.join()
    assert seen <= {200, 503}
    made(buyer, unique("key"), within=60)
    assert_happened_once(system.stack, buyer)
