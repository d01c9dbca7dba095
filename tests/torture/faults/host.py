"""Faults of the machine: disks that are full, clocks that are wrong, an older release at work."""

import contextlib
import dataclasses
import fcntl
import glob
import os
import pathlib
import signal
import subprocess
import time

from conftest import ROOT

from .fault import Fault, System
from .processes import SUCCESSOR_WITHIN, pids

# --- disks ---


def fill(place):
    """The file system of that folder of the state has no room until the end."""

    def begin(system, _):
        folder = system.stack.state / place
        if not os.path.ismount(folder):
            raise RuntimeError(f"{folder} is no file system of its own: see system_under_test()")
        ballast = folder / "ballast"
        full = os.statvfs(folder)
        with open(ballast, "wb") as file:
            take(file, full.f_bavail * full.f_frsize)
        system.note(f"{place} is full")

        def end():
            ballast.unlink()
            system.note(f"{place} has room again")

        return end

    return begin


def take(file, size):
    """As much of that as there is, to the last block."""
    taken = 0
    while size >= 4096:
        try:
            os.posix_fallocate(file.fileno(), taken, size)
            taken += size
        except OSError:
            size //= 2


def lacks_disks():
    if not pathlib.Path("/dev/loop-control").exists():
        return "there are no loop devices to make small file systems of"
    return ""


# --- one worker is another than the others ---

ODD = "odd worker"  # what such faults hold: there is one at a time


@dataclasses.dataclass
class OddWorker:
    """A worker that the launcher starts otherwise. It is told to stop rather than killed, in the
    beginning and in the end: nothing is to be lost for that.
    """

    system: System
    number: int  # from 0

    def launch(self, words, what):
        """words: what the launcher reads; what: the same for people. Returns when it is started."""
        file = self.system.folder / "launches" / f"worker {self.number + 1}"
        if words:
            file.write_text(words + "\n")
        else:
            file.unlink()
        former = self.pid()
        with contextlib.suppress(ProcessLookupError):
            os.kill(former, signal.SIGTERM)
        until = time.monotonic() + SUCCESSOR_WITHIN
        while self.pid() == former and time.monotonic() < until:
            time.sleep(0.01)
        self.system.note(f"worker {self.number + 1} is pid {self.pid()}, {what}")

    def pid(self):
        return pids(self.system, "PIDS_WORKERS")[self.number]

    def as_the_others(self):
        self.launch("", "as the others")


def odd_worker(system, rng):
    return OddWorker(system, rng.randrange(len(pids(system, "PIDS_WORKERS"))))


# --- clocks ---

FAKETIME = next(glob.iglob("/usr/lib/*/faketime/libfaketimeMT.so.1"), "")
MINUTES = 10


def lacks_faketime():
    return "" if FAKETIME else "there is no libfaketime"


def with_clock(file):
    """How a program is started that takes from that file how far its calendar is off, anew each
    second. What measures spans is not touched.
    """
    return (
        f"export LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={file}"
        " FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1"
    )


def clock_file(system, worker, minutes):
    file = system.folder / f"clock-{worker.number}"
    draft = file.with_suffix(".new")
    draft.write_text(f"{minutes:+d}m\n")
    draft.rename(file)
    return file


def clock_off(minutes):
    def begin(system, rng):
        worker = odd_worker(system, rng)
        clock = with_clock(clock_file(system, worker, minutes))
        worker.launch(clock, f"its clock off by {minutes:+d} minutes")
        return worker.as_the_others

    return begin


def clock_back(system, rng):
    """It steps while the worker works: back, and at the end forth."""
    worker = odd_worker(system, rng)
    worker.launch(with_clock(clock_file(system, worker, 0)), "with a clock that will step")
    time.sleep(rng.uniform(2, 3))
    clock_file(system, worker, -MINUTES)
    system.note(f"the clock of worker {worker.number + 1} steps back")

    def end():
        clock_file(system, worker, 0)
        time.sleep(rng.uniform(2, 3))
        worker.as_the_others()

    return end


# --- releases ---

# A release before this one, whose workers serve the same data (SETUP_VERSION in src/store/setup.h)
# and keep the same promises: what it answers is judged as this one's answers are.
OLD_RELEASE = "f81537818a76"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")


def git(*words, **more):
    return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, timeout=60, **more)


def lacks_old_release():
    try:
        known = git("cat-file", "-e", OLD_RELEASE).returncode == 0
    except FileNotFoundError:
        known = False
    return "" if known else f"commit {OLD_RELEASE} is not here: git fetch --unshallow brings it"


def old_build():
    """The older release, built once."""
    target = CACHE / "microtask" / f"release-{OLD_RELEASE}"
    built = target / "build" / "microtaskd"
    with open(target.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                ["tar", "-x", "-C", target],
                input=git("archive", OLD_RELEASE, check=True).stdout,
                check=True,
            )
            subprocess.run([target / "scripts" / "build", target / "build"], check=True)
    return built


def old_release(system, rng):
    worker = odd_worker(system, rng)
    worker.launch(f'set -- "$1" {old_build()}', f"of release {OLD_RELEASE}")
    return worker.as_the_others


FAULTS = (
    *(
        Fault(
            f"disk-{name}",
            doc,
            fill(place),
            needs=needs,
            lasts=(5, 15),
            root=True,
            place=place,
            lacks=lacks_disks,
        )
        for name, place, needs, doc in (
            ("logs", "logs", "any", "The disk of the logs is full."),
            ("spool", "nginx/tmp", "any", "The disk on which nginx puts what is large is full."),
            ("mongod", "mongo", "one", "The disk of the only mongod is full."),
        )
    ),
    Fault(
        "clock-ahead",
        "The clock of a worker is ten minutes ahead.",
        clock_off(MINUTES),
        lasts=(5, 60),
        holds=ODD,
        lacks=lacks_faketime,
    ),
    Fault(
        "clock-behind",
        "The clock of a worker is ten minutes behind.",
        clock_off(-MINUTES),
        lasts=(5, 60),
        holds=ODD,
        lacks=lacks_faketime,
    ),
    Fault(
        "clock-back",
        "The clock of a worker steps back ten minutes, and forth again.",
        clock_back,
        lasts=(5, 60),
        holds=ODD,
        lacks=lacks_faketime,
    ),
    Fault(
        "old-release",
        "A worker of an older release serves beside those of this one.",
        old_release,
        lasts=(5, 60),
        holds=ODD,
        prepare=old_build,
        lacks=lacks_old_release,
    ),
)
