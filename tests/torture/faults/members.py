"""Faults of a replica set's members: the primary lost in several ways, secondaries that lag, and
commands that fail.
"""

import contextlib
import functools
import threading
import time

from pymongo import WriteConcern
from pymongo.errors import PyMongoError

from .fault import Fault, begun

ELECTED_WITHIN = 20  # the rest look for another primary after 10 s
ROLLED_BACK_WITHIN = 60


def with_primary(begin):
    """begin(system, rng, primary), or nothing where other faults keep the set from having one."""

    @functools.wraps(begin)
    def found(system, rng):
        try:
            return begin(system, rng, system.members.primary(within=ELECTED_WITHIN))
        except (AssertionError, PyMongoError) as reason:
            system.note(f"no primary to be had: {reason}")
            return None

    return found


# --- the primary is lost ---


@with_primary
def kill(system, _rng, primary):
    primary.kill()
    return primary.start


@with_primary
def step_down(system, rng, primary):
    force, seconds = rng.random() < 0.3, rng.randint(5, 15)
    primary.command("replSetStepDown", seconds, secondaryCatchUpPeriodSecs=2, force=force)


@with_primary
def freeze(system, _rng, primary):
    primary.stop()
    return primary.go_on


# --- what it wrote alone is taken back ---


@with_primary
def roll_back(system, _rng, primary):
    """The service still reaches it, and writes; none of that is ever confirmed."""
    members = system.members
    before = members.rollbacks(primary)
    heal = begun(members.cut_off(primary))
    with contextlib.suppress(PyMongoError):
        write(primary, alone=True)

    def end():
        try:
            wait_for_another(system, primary)
        finally:
            heal()
        watch = threading.Thread(target=tell_rollback, args=(system, primary, before), daemon=True)
        watch.start()

    return end


def write(member, alone=False):
    """To it, with no word about the others."""
    concern = WriteConcern(w=1) if alone else WriteConcern(w="majority", wtimeout=5000)
    marks = member.direct.microtask_tests.get_collection("marks", write_concern=concern)
    marks.insert_one({"by": member.host})


def wait_for_another(system, primary):
    """Until the others have one, and it has written: what the old one wrote is then nobody's."""
    end = time.monotonic() + ELECTED_WITHIN
    while time.monotonic() < end:
        with contextlib.suppress(AssertionError, PyMongoError):
            elected = system.members.primary(within=1)
            if elected is not primary:
                return write(elected)
        time.sleep(0.2)
    system.note("rollback: no other primary was elected, so nothing was rolled back")


def tell_rollback(system, member, before):
    end = time.monotonic() + ROLLED_BACK_WITHIN
    while time.monotonic() < end:
        with contextlib.suppress(PyMongoError, KeyError):
            if system.members.rollbacks(member) > before:
                return system.note(f"rollback: {member.host} took back what it had written alone")
        time.sleep(0.5)
    system.note(f"rollback: {member.host} has rolled nothing back")


# --- secondaries lag ---


@with_primary
def lag(system, rng, primary):
    """One of them most of the time; with both no write is confirmed."""
    others = [member for member in system.members.members if member is not primary]
    behind = others if rng.random() < 0.25 else [rng.choice(others)]
    return misbehaving(behind, "stopReplProducer", "alwaysOn")


# --- commands fail ---

WRITES = ["insert", "update", "delete", "findAndModify"]
READS = ["find", "aggregate", "count", "getMore"]
COMMIT = ["commitTransaction"]


def conflicts(system, rng):
    """Of the storage itself, in whatever writes."""
    return failing(system, "WTWriteConflictException", rng.uniform(0.02, 0.2))


def commits(system, rng):
    """Made, and not told so; or cut off before. Some, or all, for longer than is waited for."""
    unsaid = {"writeConcernError": {"code": 91, "errmsg": "shutting down"}}
    data = rng.choice((unsaid, {"closeConnection": True}))
    share = rng.choice((rng.uniform(0.1, 0.5), 1))
    return failing_commands(system, share, COMMIT, **data)


def closed(system, rng):
    return failing_commands(
        system, rng.uniform(0.02, 0.2), WRITES + READS + COMMIT, closeConnection=True
    )


def not_primary(system, rng):
    code = rng.choice((10107, 189, 11602, 91))
    return failing_commands(system, rng.uniform(0.02, 0.2), WRITES + READS + COMMIT, errorCode=code)


def slow(system, rng):
    return failing_commands(
        system,
        rng.uniform(0.05, 0.3),
        WRITES + READS + COMMIT,
        blockConnection=True,
        blockTimeMS=rng.choice((50, 500, 3000)),
    )


def failing_commands(system, share, commands, **data):
    """Of the service's; a member has one such at a time, and the last one counts."""
    return failing(system, "failCommand", share, appName="microtask", failCommands=commands, **data)


def failing(system, name, share, **data):
    return misbehaving(system.members.members, name, {"activationProbability": share}, **data)


def misbehaving(members, name, mode, **data):
    marks = [(member, member.misbehave(name, mode, **data)) for member in members]

    def end():
        for member, mark in marks:
            member.behave(name, mark)

    return end


def of_three(name, doc, begin, lasts=(0, 0), **more):
    return Fault(name, doc, begin, needs="three", lasts=lasts, **more)


FAULTS = (
    of_three("primary-kill", "The primary is killed, and started again later.", kill, (2, 20)),
    of_three("primary-stepdown", "The primary steps down, with force or without.", step_down),
    of_three(
        "primary-freeze",
        "The primary stands still past the election of another, and wakes up as one.",
        freeze,
        (12, 20),
    ),
    of_three("lag", "Secondaries hear of no writes: one, or both.", lag, (3, 10)),
    of_three("fail-conflict", "Writes meet conflicts in the storage.", conflicts, (3, 10)),
    of_three("fail-commit", "Of commits nobody hears what became of them.", commits, (3, 10)),
    of_three("fail-close", "Commands are answered by closing the connection.", closed, (3, 10)),
    of_three("fail-not-primary", "Commands are refused as after a stepdown.", not_primary, (3, 10)),
    of_three("fail-slow", "Commands take up to three seconds longer.", slow, (3, 10)),
)
