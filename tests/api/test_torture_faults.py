"""The faults of the judge (tests/torture/faults): all that it is to try are there, and what they
do is undone at their end.
"""

import contextlib
import os
import pathlib
import random

import pytest

from client import eventually
from conftest import ROOT
from faults import FAULTS
from faults.system import system_under_test

NAMES = """
    worker-kill worker-pause worker-stop claim-stop workers-kill-all reload nginx-reload nginx-kill
    events-kill sweep-kill mongod-kill mongod-stop
    primary-kill primary-stepdown primary-freeze primary-partition member-partition lag rollback
    fail-conflict fail-commit fail-close fail-not-primary fail-slow
    client-loses-requests client-loses-replies worker-loses-requests worker-loses-replies
    wire-lose-requests wire-lose-replies connections
    disk-logs disk-spool disk-mongod clock-ahead clock-behind clock-back old-release buggify
"""
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
QUICK = [FAULTS[name] for name in ("worker-pause", "disk-logs", "clock-behind")]


def test_every_fault_is_in_the_table_and_says_what_it_is():
    assert sorted(FAULTS) == sorted(NAMES.split())
    for fault in FAULTS.values():
        assert fault.doc.endswith("."), fault.name
        assert 0 <= fault.lasts[0] <= fault.lasts[1], fault.name
        assert fault.needs in ("any", "one", "three"), fault.name


@pytest.fixture(scope="module")
def system():
    faults = [fault for fault in QUICK if not why_not(fault)]
    with system_under_test(faults, BUILD, options=("--no-demo",)) as system:
        yield system
    assert not system.folder.exists()
    assert str(system.folder) not in pathlib.Path("/proc/mounts").read_text()


def why_not(fault):
    return fault.cannot(False, BUILD)


@contextlib.contextmanager
def lasting(system, name):
    fault = FAULTS[name]
    if why_not(fault):
        pytest.skip(why_not(fault))
    end = fault.begin(system, random.Random(9))
    try:
        yield
    finally:
        end()
    eventually(system.stack.is_ready, within=60)


def states(system):
    """As the kernel names them: T is stopped."""
    stats = (pathlib.Path(f"/proc/{pid}/stat").read_text() for pid in system.stack.worker_pids())
    return [stat.rsplit(")", 1)[1].split()[0] for stat in stats]


def test_a_worker_that_stands_still_is_let_go_on(system):
    with lasting(system, "worker-pause"):
        eventually(lambda: states(system).count("T") == 1, within=30)
        eventually(system.stack.is_ready, within=60)  # another one serves
    eventually(lambda: "T" not in states(system), within=30)


def test_a_disk_that_is_full_has_room_again(system):
    logs = system.stack.state / "logs"
    before = os.statvfs(logs).f_bavail
    with lasting(system, "disk-logs"):
        assert os.statvfs(logs).f_bavail == 0
        with pytest.raises(OSError):
            (logs / "more").write_bytes(b"x" * 1_000_000)
        assert system.stack.is_ready(), "who cannot log serves"
    (logs / "more").unlink()
    assert os.statvfs(logs).f_bavail > 0.99 * before


def faked(system):
    """Whose libraries are not its own."""
    maps = (pathlib.Path(f"/proc/{pid}/maps").read_text() for pid in system.stack.worker_pids())
    return ["libfaketime" in libraries for libraries in maps]


def test_one_worker_has_another_clock_and_then_none_has(system):
    assert not any(faked(system))
    with lasting(system, "clock-behind"):
        eventually(lambda: faked(system).count(True) == 1, within=30)
    eventually(lambda: not any(faked(system)), within=30)
    assert not list((system.folder / "launches").iterdir())
