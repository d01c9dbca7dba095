"""Measures this service beside others: bench/run --help"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import signal
import sys

from contenders import ROOT, SECRET, Failed, Go, Mongod, Ours, run
from load import CALLS, Load
import seed

KINDS = {"ours": Ours, "go": Go}


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
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    add = parser.add_argument
    add("--only", type=names(KINDS), default=list(KINDS), metavar="LIST", help=f"contenders: {', '.join(KINDS)}")
    add("--calls", type=names(CALLS), default=list(CALLS), metavar="LIST", help=f"calls: {', '.join(CALLS)}")
    add("--clients", type=numbers, default=[1, 32, 64, 128, 512], metavar="LIST", help="at a time (1,32,64,128,512)")
    add("--seconds", type=int, default=6, metavar="N", help="of a measurement (6)")
    add("--rounds", type=int, default=5, metavar="N", help="of all measurements (5)")
    add("--people", type=int, default=20000, metavar="N", help="one in ten a buyer (20000)")
    add("--tasks", type=int, default=20000, metavar="N", help="each with ten submissions (20000)")
    add("--cache", type=float, default=2, metavar="GB", help="of mongod (2)")
    add("--port", type=int, default=8500, metavar="N", help="the first of some ports (8500)")
    add("--state", type=pathlib.Path, default=ROOT / ".bench", metavar="DIR", help="all that is made (.bench)")
    return parser.parse_args(argv)


def say(text):
    print(text, flush=True)


class Bed:
    """mongod, and the contenders on it."""

    def __init__(self, given):
        self.given, self.state = given, given.state.absolute()
        self.state.mkdir(parents=True, exist_ok=True)
        self.contenders, self.mongod = [], None

    def __enter__(self):
        self.mongod = Mongod(self.state, self.given.port, self.given.cache)
        return self

    def __exit__(self, *_):
        for contender in self.contenders:
            contender.stop()
        self.mongod.stop()

    def add(self, kind, name, **more):
        contender = kind(self, name, self.given.port + 2 + 2 * len(self.contenders), **more)
        say(f"Building   {name}")
        contender.build()
        self.contenders.append(contender)

    def start(self, people, tasks):
        seed.write_tokens(people, SECRET, self.state)
        for contender in self.contenders:
            say(f"Starting   {contender.name} on {tasks} tasks")
            seed.seed(contender.db, people, tasks)
            contender.start()


def told(row):
    """A measurement in a line."""
    effect = "" if row.get("right", True) else f"  ANSWERED AND NOT DONE, OR NOT RIGHT: {row['done']:.3f} {row.get('coins')}"
    errors = f"  {row['refused']} refused, {row['broken']} broken" if row["refused"] or row["broken"] else ""
    return (
        f"{row['call']:15} {row['clients']:4} {row['contender']:8} {row['rate']:8.0f}/s  p99 {row['p99']:7.1f} ms"
        f"  {row['cpu']:6.0f} ms a 1000  {row['commands']:5.1f} commands{errors}{effect}"
    )


def rounds(bed, load, given):
    """Every measurement of a round, the contenders next to each other, in turns the other way round."""
    for number, name, clients in itertools.product(range(given.rounds), given.calls, given.clients):
        order = bed.contenders if number % 2 == 0 else bed.contenders[::-1]
        for contender in order:
            row = load.measure(contender, CALLS[name], clients, given.seconds)
            say(told(row))
            yield row | {"round": number}


def about(given):
    cpu = next(line for line in open("/proc/cpuinfo") if line.startswith("model name")).partition(": ")[2].strip()
    memory = int(open("/proc/meminfo").readline().split()[1]) // 2**20
    commit = run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"])
    return {
        "machine": f"{len(os.sched_getaffinity(0))} cores of {cpu}, {memory} GB, {platform.platform()}",
        "commit": commit,
        "day": f"{datetime.date.today()}",
        "command": " ".join(["bench/run", *sys.argv[1:]]),
    }


def main():
    given = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    with Bed(given) as bed:
        for name in given.only:
            bed.add(KINDS[name], name)
        people = seed.People(given.people)
        bed.start(people, given.tasks)
        load = Load(bed, people, given.tasks)
        with open(bed.state / "results.jsonl", "w") as results:
            for row in rounds(bed, load, given):
                results.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
