"""Figures: how long answers took, how they were, and how long nobody got one; for each fault.

Memory is bounded: durations go into buckets that are 2 % wide. `figures.py FILE…` prints what torture's --figures
wrote there as one table in Markdown: what can be counted is added up, all else is the worst run's.
"""

import collections
import json
import math
import pathlib
import sys
import time

WIDTH = math.log(1.02)
TAIL = 3  # s
WITHOUT = "(none)"  # the row of answers that came while no fault lasted
COLUMNS = ("fault", "times", "answers", "p50 ms", "p99 ms", "outage s", "back s", "by status")


class Durations:
    """Of answers, in seconds."""

    def __init__(self):
        self.buckets, self.count = collections.Counter(), 0

    def add(self, seconds):
        self.buckets[math.ceil(math.log(max(seconds, 1e-6)) / WIDTH)] += 1
        self.count += 1

    def share(self, part):
        """The duration that this part of all did not exceed; None without any."""
        left = part * self.count
        for bucket in sorted(self.buckets):
            left -= self.buckets[bucket]
            if left <= 0:
                return math.exp(bucket * WIDTH)
        return None


class Row:
    """What happened while a fault lasted, and until all was well again."""

    def __init__(self):
        self.times = 0
        self.durations = Durations()
        self.statuses = collections.Counter()
        self.outage = self.back = 0.0

    def add(self, answer):
        self.durations.add(answer.seconds)
        self.statuses[str(answer.status or "none")] += 1

    def summary(self):
        p50, p99 = (self.durations.share(part) for part in (0.5, 0.99))
        return {
            "times": self.times,
            "answers": self.durations.count,
            "p50_ms": p50 and round(p50 * 1000, 1),
            "p99_ms": p99 and round(p99 * 1000, 1),
            "longest_outage_s": round(self.outage, 2),
            "back_after_s": round(self.back, 2),
            "statuses": dict(sorted(self.statuses.items())),
        }


class Figures:
    """Takes every answer; faults say when they begin and end. One thread uses it.

    Answers count for a fault from its begin until its TAIL after its end, or until all is well
    again, should that be later.
    """

    def __init__(self):
        self.rows = collections.defaultdict(Row)
        self.lasting = collections.Counter()  # fault: how many of it just now
        self.ended = {}  # fault: when
        self.cause_ended = None  # when the last one of all ended, until somebody succeeds again
        self.last_ok = None  # while there are calls

    def calls_begin(self):
        self.last_ok = time.monotonic()
        self.slowest_back = 0

    def calls_end(self):
        """Only what is unknown still is asked for now: that nobody succeeds is no outage."""
        self.last_ok = self.cause_ended = None
        self.ended.clear()

    def begin(self, fault):
        self.rows[fault].times += 1
        self.lasting[fault] += 1
        self.cause_ended = None

    def end(self, fault):
        self.lasting[fault] -= 1
        self.lasting += collections.Counter()  # without those that are 0
        self.ended[fault] = time.monotonic()
        if not self.lasting:
            self.cause_ended = time.monotonic()

    def recovering_for(self):
        """How long nobody has succeeded since the last cause ended, in s; 0: somebody has."""
        return time.monotonic() - self.cause_ended if self.cause_ended is not None else 0

    def concerned(self, now):
        """The rows of this moment."""
        if self.cause_ended is None:
            self.ended = {fault: at for fault, at in self.ended.items() if now - at < TAIL}
        return {*self.lasting, *self.ended} or {WITHOUT}

    def heard(self, answer):
        now = time.monotonic()
        rows = [self.rows[name] for name in self.concerned(now)]
        for row in rows:
            row.add(answer)
        if answer.ok and self.last_ok is not None:
            for row in rows:
                row.outage = max(row.outage, now - self.last_ok)
            self.last_ok = now
            if self.cause_ended is not None and now - answer.seconds >= self.cause_ended:
                back = now - self.cause_ended
                self.slowest_back = max(self.slowest_back, back)
                for row in rows:
                    row.back = max(row.back, back)
                self.cause_ended = None

    def summary(self):
        order = sorted(self.rows, key=lambda name: (name != WITHOUT, name))
        return {name: self.rows[name].summary() for name in order}

    def table(self):
        """The same for people: outage is the longest time without a success, back the longest from
        the end of the last cause to one.
        """
        lines = [COLUMNS]
        for name, row in self.summary().items():
            *numbers, statuses = row.values()
            shown = ["" if number is None else str(number) for number in numbers]
            lines.append((name, *shown, " ".join(f"{key}:{n}" for key, n in statuses.items())))
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join(
            "  ".join((name.ljust(widths[0]), *map(str.rjust, numbers, widths[1:-1]), statuses))
            for name, *numbers, statuses in lines
        )


COUNTED = ("times", "answers")


def joined(runs):
    """The rows of several runs as one run's."""
    rows = {}
    for name in sorted({name for run in runs for name in run["faults"]}):
        same = [run["faults"][name] for run in runs if name in run["faults"]]
        statuses = collections.Counter()
        for row in same:
            statuses.update(row["statuses"])
        rows[name] = {
            what: (sum if what in COUNTED else max)(row[what] or 0 for row in same)
            for what in same[0]
            if what != "statuses"
        } | {"statuses": statuses}
    return rows


def as_markdown(runs):
    """The table of runs that --figures wrote, as docs/reliability.md has it."""
    lines = ["| fault | times | answers | p50 ms | p99 ms | outage s | back s | 502 | 503 | 504 |"]
    lines.append("| --- " * 10 + "|")
    for name, row in joined(runs).items():
        *numbers, statuses = row.values()
        numbers += [statuses.get(status, 0) for status in ("502", "503", "504")]
        lines.append("| " + " | ".join(map(str, (name, *numbers))) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown([json.loads(pathlib.Path(path).read_text()) for path in sys.argv[1:]]))
