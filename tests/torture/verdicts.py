"""The judge's program (judge/) at work on a round's history, beside the round that follows."""

import asyncio
import json
import pathlib
import subprocess

from history import Violation

SOURCES = pathlib.Path(__file__).with_name("judge")
LONGEST = 600  # s that it may take for a round
LEGAL, ILLEGAL, NOT_KNOWN = range(3)  # its exit status


def build(folder):
    """The programs judge and adya in a folder, made of their sources as they are now."""
    if subprocess.run([SOURCES / "build", folder, "adya"]).returncode != 0:
        raise SystemExit("Without its judge torture does not run.")
    return folder


class Judge:
    """start(path) lets it read a history; verdicts() waits for what it finds: Violations.

    Where it found no order in time, nobody knows whether there is one: undecided names such tasks
    and accounts. judged counts all that it looked at, longer those that it had to look at twice.
    """

    def __init__(self, folder):
        self.program, self.adya = folder / "judge", folder / "adya"
        self.process = self.path = None
        self.judged = self.longer = 0
        self.undecided = []

    async def start(self, path):
        self.path = path
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            "nice", "-n", "5", self.program, path, stdout=pipe, stderr=pipe
        )

    async def verdicts(self):
        if self.process is None:
            return []
        process, self.process = self.process, None
        try:
            said, complaint = await asyncio.wait_for(process.communicate(), LONGEST)
        except asyncio.TimeoutError:
            process.kill()
            return [self.failure(f"was not judged within {LONGEST} s")]
        if process.returncode not in (LEGAL, ILLEGAL, NOT_KNOWN):
            return [self.failure(f"cannot be judged: {complaint.decode()[-2000:]}")]
        *found, total = map(json.loads, said.splitlines())
        self.judged += total["partitions"]
        self.longer += total["again"]
        unknown = [one for one in found if one["verdict"] == "unknown"]
        self.undecided += [f"{self.path.stem}: {one['text']}" for one in unknown]
        return [
            Violation(one["what"], one["text"], tuple(one["operations"] or ()), "judge")
            for one in found
            if one["verdict"] == "illegal"
        ]

    def failure(self, text):
        return Violation("illegal", f"{self.path.name} {text}", by="judge")
