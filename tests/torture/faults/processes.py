"""Faults of single processes: killed, stopped and let go on, replaced. What dies, the supervisor
starts again.
"""

import contextlib
import os
import signal
import subprocess
import time

from pymongo.errors import PyMongoError

from conftest import ROOT

from . import members
from .fault import Fault

SUCCESSOR_WITHIN = 10
CLAIMING = 1.5  # s that a claim of a key takes when a worker is to stop amid some


def pids(system, what):
    """Who is PIDS_WORKERS, PID_NGINX, … now; nobody where none is named."""
    return [int(pid) for pid in system.stack.env()[what].split()]


def some_workers(system, rng):
    """One or several, and not all where there are more than one."""
    workers = pids(system, "PIDS_WORKERS")
    return rng.sample(workers, rng.randint(1, max(1, len(workers) - 1)))


# --- killed ---


def send(system, number, chosen):
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    system.note(f"{signal.Signals(number).name} to {chosen}")


def worker_kill(system, rng):
    send(system, signal.SIGKILL, some_workers(system, rng))


def kill(what):
    return lambda system, _: send(system, signal.SIGKILL, pids(system, what))


def sweep_kill(system, rng):
    """A sweep begins as its process does: so the successor of a killed one is in its middle."""
    first = pids(system, "PID_SWEEP")
    send(system, signal.SIGKILL, first)
    until = time.monotonic() + SUCCESSOR_WITHIN
    while pids(system, "PID_SWEEP") == first and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 0.3))
    send(system, signal.SIGKILL, pids(system, "PID_SWEEP"))


# --- stopped, and let go on ---


def stop(system, chosen):
    """Each is held by a pidfd: who has its number later, if it is killed, hears nothing."""
    stopped = []
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            stopped.append(os.pidfd_open(pid))
            signal.pidfd_send_signal(stopped[-1], signal.SIGSTOP)
    system.note(f"stopped {chosen}")

    def go_on():
        for process in stopped:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, signal.SIGCONT)
            os.close(process)
        system.note(f"let {chosen} go on")

    return go_on


def worker_stop(system, rng):
    return stop(system, some_workers(system, rng)[:1])


def claim_stop(system, rng):
    """Amid slow inserts; the first insert of a call with a key is its claim."""
    end = slow_inserts(system)
    try:
        time.sleep(CLAIMING / 2)
        return worker_stop(system, rng)
    finally:
        end()


def slow_inserts(system):
    """Every insert waits; returns what ends that."""
    data = {"blockConnection": True, "blockTimeMS": round(1000 * CLAIMING)}
    if system.members:
        return members.failing_commands(system, 1, ["insert"], **data)
    misbehave(system, "alwaysOn", appName="microtask", failCommands=["insert"], **data)
    return lambda: misbehave(system, "off")


def misbehave(system, mode, **data):
    """A fail point of the only mongod. One that is dead needs no telling, as it forgets them."""
    with contextlib.suppress(PyMongoError):
        system.stack.fail_point("failCommand", mode, **data)


def mongod_stop(system, _):
    return stop(system, pids(system, "PID_MONGOD"))


# --- replaced ---


def reload_pool(system, _):
    done = subprocess.run(
        [ROOT / "scripts" / "reload", "--state", system.stack.state],
        capture_output=True,
        text=True,
        timeout=300,
    )
    system.note(f"scripts/reload: {(done.stdout + done.stderr).strip()}")


def nginx_reload(system, _):
    send(system, signal.SIGHUP, pids(system, "PID_NGINX"))


FAULTS = (
    Fault("worker-kill", "Workers are killed with -9, one or several.", worker_kill),
    Fault("workers-kill-all", "All workers are killed with -9 at once.", kill("PIDS_WORKERS")),
    Fault("worker-pause", "A worker stands still for some seconds.", worker_stop, lasts=(2, 8)),
    Fault(
        "worker-stop",
        "A worker stands still until every lease of its work is over, and goes on with that work.",
        worker_stop,
        lasts=(32, 45),
    ),
    Fault(
        "claim-stop",
        "A worker stands still with claims of keys on their way, and goes on after their leases.",
        claim_stop,
        lasts=(32, 45),
    ),
    Fault("reload", "Workers, sweep and streams are replaced one after the other.", reload_pool),
    Fault("nginx-reload", "nginx reads its configuration anew.", nginx_reload),
    Fault("nginx-kill", "nginx is killed with -9.", kill("PID_NGINX")),
    Fault("events-kill", "The process that streams is killed with -9.", kill("PID_EVENTS")),
    Fault("sweep-kill", "The sweep is killed in its middle.", sweep_kill),
    Fault("mongod-kill", "The only mongod is killed with -9.", kill("PID_MONGOD"), needs="one"),
    Fault(
        "mongod-stop",
        "The only mongod stands still.",
        mongod_stop,
        needs="one",
        lasts=(20, 20),
    ),
)
