"""What a measurement costs, read from outside: processor time and memory from /proc, commands from mongod."""

import contextlib
import os
import pathlib
import re
import time

from processes import Failed

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
# What drivers and members say to each other by themselves.
IDLE = {
    "hello",
    "isMaster",
    "ping",
    "serverStatus",
    "endSessions",
    "buildInfo",
    "replSetHeartbeat",
    "replSetUpdatePosition",
}


def cpu_ms(pids):
    """Of the processes with all their threads, since they began."""
    ticks = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except FileNotFoundError:
            raise Failed(f"A process that was measured, {pid}, ended meanwhile.") from None
        ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK_MS


def any_runs(pids):
    """Whether a thread of them runs, or would if there were a core."""
    for pid in pids:
        for thread in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):  # it has ended
                if thread.read_text().rsplit(")", 1)[1].split()[0] == "R":
                    return True
    return False


def memory_mb(pids):
    """What the processes occupy, shared pages by parts."""
    rows = (pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(int(re.search(r"^Pss: +(\d+)", text, re.M)[1]) for text in rows) / 1024


def commands_and_commits(client):
    status = client.admin.command("serverStatus")
    commands = status["metrics"]["commands"]
    count = sum(row["total"] for name, row in commands.items() if name not in IDLE and isinstance(row, dict))
    return count, status["transactions"]["totalCommitted"]


class Meter:
    """Reads before and after: with Meter(watched, client) as meter: …; then meter.cost(answers).

    `watched` names functions that return the pids of those who have a part in it.
    """

    def __init__(self, watched, client):
        self.client = client
        self.pids = {name: pids() for name, pids in watched.items()}

    def __enter__(self):
        self.before = self.read()
        return self

    def __exit__(self, *_):
        self.after = self.read()

    def read(self):
        commands, commits = commands_and_commits(self.client)
        return {name: cpu_ms(pids) for name, pids in self.pids.items()} | {"commands": commands, "commits": commits}

    def is_idle(self):
        """Whether nobody takes more of a core than a fifth, over three tenths of a second, or waits for one."""
        before = {name: cpu_ms(pids) for name, pids in self.pids.items()}
        for _ in range(3):
            time.sleep(0.1)
            if any_runs(self.pids["app"]):
                return False
        return all(cpu_ms(pids) - before[name] <= 60 for name, pids in self.pids.items())

    def cost(self, good):
        """For 1,000 good answers the processor's milliseconds, for each the commands; answers to a commit."""
        used = {name: self.after[name] - self.before[name] for name in self.after}
        cost = {f"cpu_{name}": 1000 * used[name] / good if good else None for name in self.pids}
        cost["cpu"] = sum(cost.values()) if good else None
        cost["commands"] = used["commands"] / good if good else None
        cost["group"] = good / used["commits"] if used["commits"] else None
        return cost
