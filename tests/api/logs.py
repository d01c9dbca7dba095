"""What the workers log. Stacks that tests start log at the level debug, and so tell who waits."""

import json
import pathlib

from client import eventually


class Tail:
    """What the workers of a stack say from now on."""

    def __init__(self, stack):
        paths = map(pathlib.Path, stack.env()["LOG_WORKERS"].split())
        self.starts = {path: path.stat().st_size for path in paths}

    def lines(self):
        """A dictionary a line, in their order."""
        said = []
        for path, start in self.starts.items():
            with open(path, "rb") as log:
                log.seek(start)
                # the last one may be half written
                said += log.read().decode(errors="replace").split("\n")[:-1]
        return [json.loads(line) for line in said if line.startswith("{")]

    def said(self, words):
        """The ids of the requests that something is said of."""
        return {line.get("requestId") for line in self.lines() if words in line.get("message", "")}

    def wait_for(self, words):
        eventually(lambda: self.said(words))

    def wait_for_all(self, count, turn):
        """So many calls have come as far as to wait for their turn, and have it, or wait, or were turned away."""
        eventually(lambda: len(self.said(f"turn {turn}")) >= count)

    def answered(self, route):
        """The ids of the requests of a route that were answered, the first first."""
        return [line["requestId"] for line in self.lines() if line.get("route") == route]
