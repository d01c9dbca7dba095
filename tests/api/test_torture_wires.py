"""What torture does to the ways between callers, nginx and workers, tried in small: requests and
replies that are lost, whole or in part. Each key has its effect, once.
"""

import contextlib
import pathlib
import random
import re

import httpx
import pytest

from client import Api, assert_error, eventually, http_client, ok, task_input, unique
from conftest import assert_balanced
from faults import FAULTS, System, wires
from market import coins, tasks_of
from promises import promise

TASK = task_input(required_workers=1, payable_amount=10)
NAMES = [name for name in FAULTS if name.startswith(("client-loses-", "worker-loses-"))]
RELAYS = {"client": wires.before_nginx, "worker": wires.before_workers}


@pytest.fixture
def system(stack, tmp_path):
    notes = []
    system = System(stack, None, tmp_path, tmp_path, notes.append)
    system.notes, before = notes, (system.url, sockets(stack))
    yield system
    assert (system.url, sockets(stack)) == before, "all is as it was"
    assert stack.is_ready()
    assert_balanced(stack)


def sockets(stack):
    return {path.name: path.stat().st_ino for path in (stack.state / "sockets").iterdir()}


def kept_connections(stack):
    """Those that nginx still has to workers, past the relay. Linux names the state (03: connected) and path of each."""
    sockets = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
    paths = re.compile(re.escape(f"{stack.state}/") + r".*/worker-.*\.sock")
    return [one for one in sockets if len(one) == 8 and one[5] == "03" and paths.fullmatch(one[7])]


@contextlib.contextmanager
def relayed(who, system, user):
    """The relay, and the user's calls through it, over a connection that is there already."""
    with RELAYS[who](system) as relay:
        eventually(lambda: not kept_connections(system.stack), within=30)
        with http_client(system.url) as http:
            api = Api(http, user.token)
            ok(api.get("/auth/me"))
            yield relay, api


def post(api, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return api.post("/tasks", json=TASK, headers=headers, timeout=30)


def made(api, key):
    """Sent again until it is done; whatever comes before is silence, or a refusal that passes."""

    def tried():
        with contextlib.suppress(httpx.TransportError):
            answer = post(api, key)
            if answer.status_code == 409:
                assert_error(answer, 409, "in_progress")
            elif answer.status_code != 201:
                assert answer.status_code in (502, 503)
                assert_error(answer, answer.status_code, "unavailable")
            return answer.status_code == 201 and answer

    return eventually(tried, within=90)


def assert_happened(system, buyer, times):
    assert tasks_of(system.stack.db, buyer) == times
    assert coins(system.stack.db, buyer) == 1000 - 10 * times


@promise(
    "2 The books",
    "Whatever is lost between caller, nginx and workers, in part or whole, a key has one effect",
)
@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("what", ["requests", "replies"])
@pytest.mark.parametrize("who", ["client", "worker"])
def test_what_is_lost_on_the_way_has_one_effect_for_its_key(system, buyer, who, what, half):
    key = unique("key")
    with relayed(who, system, buyer) as (relay, api):
        relay.lose(what, times=1, hang=0, half=half)
        answer = made(api, key)
        assert relay.keep(what) == 1
        assert post(api, key).content == answer.content
    assert_happened(system, buyer, 1)


@promise(
    "1 Errors",
    "502 where a worker died on a call that may not be asked twice: nobody knows whether it was done",
)
@pytest.mark.parametrize("what, times", [("requests", 0), ("replies", 1)])
def test_what_has_no_key_is_502_when_its_worker_is_not_heard(system, buyer, what, times):
    with relayed("worker", system, buyer) as (relay, api):
        relay.lose(what, times=1, hang=0)
        assert_error(post(api), 502, "unavailable")
    assert_happened(system, buyer, times)


@promise(
    "2 The books",
    "Whatever is lost between caller, nginx and workers, in part or whole, a key has one effect",
)
def test_an_answer_that_comes_in_part_is_not_taken_for_whole(system, buyer):
    """nginx has passed on its beginning, and hangs up on the caller as the worker did on it."""
    with relayed("worker", system, buyer) as (relay, api):
        whole, broken = ok(api.get("/auth/me")), 0
        for seed in range(40):
            relay.lose("replies", times=1, hang=0, half=1, seed=seed)
            try:
                assert ok(api.get("/auth/me")) == whole  # sent again, where nothing was passed on
            except httpx.RemoteProtocolError:
                broken += 1
            assert relay.keep("replies") == 1
    assert 0 < broken < 40


@promise(
    "2 The books",
    "Whatever is lost between caller, nginx and workers, in part or whole, a key has one effect",
)
@pytest.mark.parametrize("name", NAMES)
def test_the_fault_strikes_and_each_key_has_its_effect(system, buyer, name):
    end = FAULTS[name].begin(system, random.Random(6))  # often, and without hanging
    try:
        with http_client(system.url) as http:
            for n in range(60):
                made(Api(http, buyer.token), f"{name}-{buyer.id}-{n}")
    finally:
        end()
    lost = int(system.notes[-1].split()[0])
    assert lost > 0, system.notes
    assert_happened(system, buyer, 60)
