"""What a call costs, by MongoDB's own profile: plans, and how much was read. No machine's speed changes these."""

import contextlib

from client import now

READS = ("find", "count", "aggregate", "distinct")
TIME_OVER = 50  # MaxTimeMSExpired
OF_ITS_SESSION = ("lsid", "txnNumber", "startTransaction", "autocommit", "maxTimeMS")


def plain(command):
    """As anybody may give it again, without a limit of time."""
    return {
        name: value
        for name, value in command.items()
        if name not in OF_ITS_SESSION and not name.startswith("$")
    }


@contextlib.contextmanager
def profiled(db, **asked):
    """with profiled(db, ns=db.tasks.full_name) as ran: … fills `ran` with what MongoDB did in the block, of what is asked.

    What failed is left out, as it is tried again, and was only begun. What its limit of time cut off on a busy machine is
    done here once more, without one, so that it is judged as well.
    """
    ran, begun = [], now()

    def entries():
        return list(db.system.profile.find({"ts": {"$gte": begun}, **asked}))

    db.command("profile", 2)
    try:
        yield ran
        done = [plain(one["command"]) for one in entries() if "errCode" not in one]
        for one in entries():
            command = plain(one["command"])
            if one.get("errCode") == TIME_OVER and next(iter(command)) in READS:
                if command not in done:
                    db.command(command)
    finally:
        db.command("profile", 0)
    ran += (one for one in entries() if "errCode" not in one)
