"""scripts/run goes on when programs do not: on a state of its own, with programs to be broken."""

import configparser
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from client import eventually
from conftest import OF_THE_STACK, ROOT, Stack, free_port, stop_stack

LONGEST_PAUSE = 5  # s, before what keeps dying is started again
UNITS = ROOT / "conf" / "systemd"
STACK = ROOT / "scripts" / "stack.py"
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))

# Stands for a program: passes over to it unless a file beside says how to fail.
STAND_IN = """#!{python}
import os, socket, sys
how = {how!r}
if os.path.exists(how) and {fails}:
    if open(how).read() == "soon after READY=1":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    if open(how).read() == "without its log":
        os.unlink(os.readlink("/proc/self/fd/2"))
    sys.exit("it broke")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


class Programs:
    """A build directory of stand-ins."""

    def __init__(self, path):
        self.path = path
        for name in ("microtaskd", "microtaskctl", "microtask-events"):
            # as a service alone, not as a command
            fails = "'--check-config' not in sys.argv"
            if name == "microtaskctl":
                fails = "'sweep' in sys.argv"
            words = {"python": sys.executable, "how": str(path / f"{name}.how"), "fails": fails}
            (path / name).write_text(STAND_IN.format(real=str(BUILD / name), **words))
            (path / name).chmod(0o755)

    @contextlib.contextmanager
    def broken(self, name, how="at once"):
        (self.path / f"{name}.how").write_text(how)
        yield
        (self.path / f"{name}.how").unlink()

    @contextlib.contextmanager
    def missing(self, name):
        (self.path / name).rename(self.path / f"{name}.away")
        yield
        (self.path / f"{name}.away").rename(self.path / name)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    return Programs(tmp_path_factory.mktemp("build"))


def start(programs, state):
    mongod = subprocess.check_output([ROOT / "scripts" / "mongod"], text=True).strip()
    options = ["--build", programs.path, "--mongod", mongod, "--state", state, "--no-demo"]
    return subprocess.run(
        ["/usr/bin/python3", STACK, "--detach", "--port", str(free_port()), *options],
        env={name: value for name, value in os.environ.items() if name not in OF_THE_STACK},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def here(programs):
    with tempfile.TemporaryDirectory(prefix="microtask-tests-") as state:
        started = start(programs, state)
        assert started.returncode == 0, started.stdout
        stack = Stack(state)
        yield stack
        stack.close()
        assert stop_stack(state).returncode == 0


class Said:
    """What the supervisor says from now on."""

    def __init__(self, stack):
        self.log = pathlib.Path(stack.env()["LOG_STACK"])
        self.start = len(self.log.read_text())

    def lines(self, *words):
        lines = self.log.read_text()[self.start :].splitlines()
        return [line for line in lines if all(word in line for word in words)]

    def times(self, *words):
        return len(self.lines(*words))

    def pauses(self, name):
        """After each death, in seconds."""
        again = "starting it again in "
        return [float(line.split(again)[1].split()[0]) for line in self.lines(name, again)]


def all_well(stack, workers=2):
    return len(stack.worker_pids()) == workers and all(stack.is_ready() for _ in range(4))


def test_a_program_that_is_missing_for_a_moment_ends_nothing(here, programs):
    said = Said(here)
    sweep = here.env()["PID_SWEEP"]
    with programs.missing("microtaskd"), programs.missing("microtaskctl"):
        os.kill(here.worker_pids()[0], signal.SIGKILL)
        os.kill(int(sweep), signal.SIGKILL)
        eventually(lambda: said.times("worker 1 cannot be started: No such file"))
        eventually(lambda: said.times("sweep cannot be started: No such file") >= 2)
        reload = [ROOT / "scripts" / "reload", "--state", here.state]
        refused = subprocess.run(reload, capture_output=True, text=True, timeout=180)
        assert refused.returncode != 0
        assert here.is_ready(), "the other worker serves"
    eventually(lambda: all_well(here))
    eventually(lambda: here.env()["PID_SWEEP"] not in ("", sweep))
    assert subprocess.run(reload, capture_output=True, timeout=180).returncode == 0


def test_what_keeps_dying_is_started_again_ever_more_slowly_and_for_ever(here, programs):
    said = Said(here)
    with programs.broken("microtaskctl"), programs.broken("microtask-events", "soon after READY=1"):
        for name in ("PID_SWEEP", "PID_EVENTS"):
            os.kill(int(here.env()[name]), signal.SIGKILL)
        for name in ("sweep", "events"):
            eventually(lambda: said.pauses(name)[-1:] == [LONGEST_PAUSE])
            assert len(said.pauses(name)) >= 7, "ever more slowly"
            assert said.times(name, "ended with status 1: it broke") >= 6
        assert here.is_ready()
    for name in ("PID_SWEEP", "PID_EVENTS"):
        eventually(lambda: pathlib.Path(f"/proc/{here.env()[name]}").exists())
    eventually(lambda: here.api.get("/notifications/stream").status_code == 401)


def test_a_log_that_is_taken_away_ends_nothing(here, programs):
    said = Said(here)
    with programs.broken("microtaskctl", "without its log"):
        os.kill(int(here.env()["PID_SWEEP"]), signal.SIGKILL)
        eventually(lambda: said.times("sweep", "ended with status 1") >= 2)
        assert here.is_ready()
    eventually(lambda: pathlib.Path(f"/proc/{here.env()['PID_SWEEP']}").exists())


def test_a_worker_that_dies_in_service_is_started_again_at_once(here):
    eventually(lambda: all_well(here))
    time.sleep(1.1)
    said = Said(here)
    os.kill(here.worker_pids()[0], signal.SIGKILL)
    eventually(lambda: said.times("worker 1", "was killed by SIGKILL; starting it again"))
    assert not said.times("starting it again in")


def test_at_the_first_start_what_does_not_start_is_what_it_fails_for(programs, tmp_path):
    with programs.broken("microtaskd"):
        refused = start(programs, tmp_path / "state")
    assert refused.returncode != 0
    assert "worker 1 did not start: it broke" in refused.stdout.strip().splitlines()[-1]
    with programs.missing("microtask-events"):
        refused = start(programs, tmp_path / "state")
    assert refused.returncode != 0
    assert "events cannot be started: No such file" in refused.stdout.strip().splitlines()[-1]


def test_in_production_systemd_gives_nothing_up_either():
    """Left alone it stops at the fifth start in ten seconds, and a socket at the twentieth in two."""
    units = {path.name: configparser.ConfigParser(strict=False) for path in UNITS.iterdir()}
    for name, unit in units.items():
        unit.optionxform = str
        unit.read(UNITS / name)
        if name.endswith(".service"):
            assert unit["Unit"]["StartLimitIntervalSec"] == "0", name
            assert unit["Service"]["Restart"] == "always", name
        else:
            assert unit["Socket"]["TriggerLimitIntervalSec"] == "0", name
    assert len(units) == 5
