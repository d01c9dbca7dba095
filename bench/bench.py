"""Measures this service beside others.

bench/run calls                   every call, by the number of clients
bench/run growth                  some calls, by the number of records
bench/run compare --with COMMIT   this checkout beside an earlier one, in three minutes; fails when it is slower
"""

import argparse
import contextlib
import datetime
import itertools
import os
import pathlib
import platform
import shlex
import signal
import sys

import alike
import document
import seed
from compare import compare
from contenders import KINDS, SECRET, Ours
from load import CALLS, Load
from processes import ROOT, Failed, Mongod, run

GROWTH = ("list", "task", "notifications", "own work", "submit", "approve", "create")
COMPARED = ("list", "task", "own work", "submit", "approve", "create")
WARM = 32  # clients, for a second, before anything counts


def names(known):
    def read(text):
        chosen = text.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return chosen

    return read


def numbers(text):
    return [int(word) for word in text.split(",")]


def options(argv=None):
    parser = argparse.ArgumentParser(
        prog="bench/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add, path = parser.add_argument, pathlib.Path
    add("what", choices=("calls", "growth", "compare", "document"))
    add("--only", type=names(KINDS), default=["ours", "go", "fastify"], metavar="LIST", help=f"of {', '.join(KINDS)}")
    add("--old", type=path, metavar="DIR", help="a checkout of the older server, to be measured as well")
    add(
        "--with", type=str, dest="base", metavar="COMMIT", help="what to compare with: a commit, or a checkout's folder"
    )
    add("--calls", type=names(CALLS), metavar="LIST", help=f"of {', '.join(CALLS)}")
    add("--clients", type=numbers, metavar="LIST", help="at a time (1,32,64,128,512; for growth and compare 32)")
    add("--tasks", type=numbers, metavar="LIST", help="each with ten submissions (20000; for growth to a million)")
    add("--people", type=int, metavar="N", help="one in ten a buyer (20000, compare 5000)")
    add("--seconds", type=int, metavar="N", help="of a measurement (6, compare 2)")
    add("--rounds", type=int, metavar="N", help="of all measurements (5, compare 4)")
    add("--cache", type=float, default=2, metavar="GB", help="of mongod (2)")
    add("--port", type=int, default=8500, metavar="N", help="the first of some ports (8500)")
    add("--state", type=path, default=ROOT / ".bench", metavar="DIR", help="all that is made (.bench)")
    return with_defaults(parser, parser.parse_args(argv))


def with_defaults(parser, given):
    """What was not given is as the part wants it."""
    defaults = {
        "calls": (list(CALLS), [1, 32, 64, 128, 512], [20_000], 20_000, 6, 5),
        "growth": (list(GROWTH), [32], [10_000, 100_000, 1_000_000], 20_000, 6, 5),
        "compare": (list(COMPARED), [32], [2000], 5000, 2, 4),
        "document": (),
    }
    for name, value in zip(("calls", "clients", "tasks", "people", "seconds", "rounds"), defaults[given.what]):
        if getattr(given, name) is None:
            setattr(given, name, value)
    if (given.what == "compare") != bool(given.base):
        parser.error("compare needs --with, and nothing else does.")
    if given.what == "document":
        return given
    if len(given.tasks) > 1 and given.what != "growth" or len(given.clients) > 1 and given.what != "calls":
        parser.error("Only calls takes several numbers of clients, and only growth several of tasks.")
    if given.what == "compare" and given.rounds < 2:
        parser.error("One round has no spread to compare with.")
    if given.old:
        given.only = [*given.only, "old"]
    elif "old" in given.only:
        parser.error("old needs --old.")
    return given


def say(text):
    print(text, flush=True)


class Bed:
    """mongod, and the contenders on it."""

    def __init__(self, given):
        self.given, self.state = given, given.state.absolute()
        self.state.mkdir(parents=True, exist_ok=True)
        self.contenders, self.mongod = [], None
        self.to_stop = contextlib.ExitStack()

    def __enter__(self):
        self.mongod = Mongod(self.state, self.given.port, self.given.cache)
        self.to_stop.callback(self.mongod.stop)
        return self

    def __exit__(self, *_):
        self.to_stop.close()

    def add(self, kind, name, **more):
        contender = kind(self, name, self.given.port + 2 + 2 * len(self.contenders), **more)
        say(f"Building   {name}")
        contender.build()
        self.contenders.append(contender)
        self.to_stop.callback(contender.stop)

    def load(self, tasks):
        """Everybody anew, on so many tasks."""
        people = seed.People(self.given.people)
        seed.write_tokens(people, SECRET, self.state)
        for contender in self.contenders:
            contender.stop()
            say(f"Starting   {contender.name} on {tasks} tasks")
            seed.seed(contender.db, people, tasks)
            contender.start()
        alike.check(self.contenders, seed.token(SECRET, 0, people.role(0)), say)
        return Load(self, people, tasks)


def told(row):
    """A measurement in a line."""
    effect = "" if row.get("right", True) else f"  NOT AS ANSWERED: done {row['done']:.3f}, coins {row.get('coins')}"
    errors = f"  {row['refused']} refused, {row['broken']} broken" if row["refused"] or row["broken"] else ""
    cost = f"{row['cpu']:6.0f} ms a 1000  {row['commands']:5.1f} commands" if row["answers"] else "no good answer"
    return (
        f"{row['call']:15} {row['clients']:4} {row['contender']:8} {row['rate']:8.0f}/s  p99 {row['p99']:7.1f} ms"
        f"  {cost}{errors}{effect}"
    )


def measure(bed, load):
    """Rows of all rounds of the reads, then of the writes: each writer makes records, and the fast ones more."""
    chosen = [CALLS[name] for name in bed.given.calls]
    for calls in ([call for call in chosen if not call.counts], [call for call in chosen if call.counts]):
        for contender, call in itertools.product(bed.contenders, calls):
            load.measure(contender, call, WARM, 1)
        yield from rounds(bed, load, calls)
    for contender in bed.contenders:
        contender.check()


def rounds(bed, load, calls):
    """The contenders next to each other, in every second round the other way round."""
    given = bed.given
    for number, call, clients in itertools.product(range(given.rounds), calls, given.clients):
        for contender in bed.contenders if number % 2 == 0 else bed.contenders[::-1]:
            row = load.measure(contender, call, clients, given.seconds)
            say(told(row))
            yield row | {"round": number, "tasks": load.tasks}


def about():
    cpu = next(line for line in open("/proc/cpuinfo") if line.startswith("model name")).partition(": ")[2].strip()
    memory = int(open("/proc/meminfo").readline().split()[1]) // 2**20
    return {
        "machine": f"{len(os.sched_getaffinity(0))} cores of {cpu}, {memory} GB, {platform.platform()}",
        "commit": run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"]),
        "day": f"{datetime.date.today()}",
        "command": shlex.join(["bench/run", *without_places(sys.argv[1:])]),
    }


def without_places(words):
    """Without the options that are of no use elsewhere."""
    places = {"--port", "--state", "--old"}
    return [word for before, word in zip(["", *words], words) if not places & {before, word, word.partition("=")[0]}]


def beside_others(bed):
    given = bed.given
    for name in given.only:
        bed.add(KINDS[name], name)
    versions = ", ".join(f"{one.name}: {one.version()}" for one in bed.contenders)
    rows = []
    for tasks in given.tasks:
        for row in measure(bed, bed.load(tasks)):
            rows.append(row)
            document.keep(bed.state, given.what, about() | {"versions": versions}, rows)
    if "ours" in given.only:
        say("\n" + document.short(given.what, document.read(bed.state, given.what)[1]))
    wrong = sum(not row.get("right", True) for row in rows if row["contender"] != "old")
    return f"{wrong} measurements were not as answered." if wrong else 0


def beside_before(bed):
    given = bed.given
    bed.add(Ours, "before", checkout=given.base)
    bed.add(Ours, "now")
    verdict, slower = compare(list(measure(bed, bed.load(given.tasks[0]))))
    say(verdict)
    return 1 if slower else 0


def main():
    given = options()
    if given.what == "document":
        return document.write_all(given.state)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    with Bed(given) as bed:
        sys.exit(beside_before(bed) if given.what == "compare" else beside_others(bed))


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
