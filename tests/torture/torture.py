"""Runs the judge: scripts/torture --minutes 10 --faults worker-kill,primary-stepdown --seed 7

A stack of its own is started, with one mongod or a set of three, and a world of people and tasks
put into it; then rounds (rounds.py) until the time is over. It ends with a table of figures for
each fault and one line:

    seed 7: 12000 operations, 31 faults of 2 kinds, lost 0, doubled 0, difference 0

and with status 1 if any of the three is not 0, if an answer was one that must not be, or if the
judge could not decide on a task or an account in time, which the line then says. Then it keeps the
histories and logs in a folder, which it names.
"""

import argparse
import asyncio
import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))  # the one place where its modules are found

import world  # noqa: E402
from fake_stripe import FakeStripe  # noqa: E402
from faults import FAULTS  # noqa: E402
from faults.system import replica_set, system_under_test  # noqa: E402
from kinds import KINDS  # noqa: E402
from rounds import Rounds  # noqa: E402

BUILD = os.environ.get("BUILD_DIR", ROOT / "build")
COUNTED = ("lost", "doubled", "difference")


def options(argv=None):
    parser = argparse.ArgumentParser(
        prog="scripts/torture",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Loads a stack of its own while faults happen, and compares all that was done\n"
        "with the rules. Ends with 1 if anything was wrong; tests/torture/README.md tells more.",
        epilog="faults:\n" + "\n".join(f"  {name:21} {row.doc}" for name, row in FAULTS.items()),
    )
    add, path = parser.add_argument, pathlib.Path
    add("--minutes", type=float, default=10, metavar="M", help="begin no round after these (10)")
    add("--ops", type=int, metavar="N", help="begin no round after so many operations")
    add("--faults", default="all", metavar="LIST", help="names with commas, all (default), or none")
    add(
        "--seed", type=int, default=int(time.time()), metavar="S", help="decides all choices (time)"
    )
    add("--set", choices=("one", "three"), help="members of the set (as the faults need, else one)")
    add("--build", type=path, default=BUILD, metavar="DIR", help="the programs (BUILD_DIR, build)")
    add("--callers", type=int, default=16, metavar="N", help="callers at the same time (16)")
    add("--round", type=int, default=2000, metavar="N", help="operations in a round (2000)")
    add("--together", type=int, default=3, metavar="N", help="faults in a round (3)")
    add("--often", type=kinds, default=[], metavar="LIST", help="calls to make ten times as often")
    add("--first", action="store_true", help="end with the round of the first violation")
    add("--figures", type=path, metavar="FILE", help="write the table as JSON, too")
    add("--keep", type=path, metavar="DIR", help="where a failure leaves histories and logs")
    given = parser.parse_args(argv)
    given.build = given.build.absolute()
    return given


def kinds(text):
    names = text.split(",")
    if unknown := set(names) - {kind.name for kind in KINDS}:
        raise argparse.ArgumentTypeError(f"no such kind of call: {', '.join(sorted(unknown))}")
    return names


def choose_faults(given):
    """The faults asked for, and whether three members are needed; says what cannot be had."""
    if given.faults == "none":
        return [], given.set == "three"
    everything = given.faults == "all"
    names = list(FAULTS) if everything else given.faults.split(",")
    if unknown := [name for name in names if name not in FAULTS]:
        sys.exit(f"No such fault: {', '.join(unknown)}. There are {', '.join(sorted(FAULTS))}.")
    rows = [FAULTS[name] for name in names]
    three = given.set == "three" or not given.set and any(row.needs == "three" for row in rows)
    chosen = []
    for row in rows:
        if reason := row.cannot(three, given.build):
            print(f"Without {row.name}: {reason}", flush=True)
        else:
            chosen.append(row)
    if not chosen:
        sys.exit("None of these faults can be had here.")
    return chosen, three


Testbed = collections.namedtuple("Testbed", "system fake faults threads")


@contextlib.contextmanager
def testbed(given, say):
    """A system with what the chosen faults need, its payment provider, and threads for faults."""
    faults, three = choose_faults(given)
    say(f"Starting {'three members' if three else 'a mongod'} and the programs of {given.build}")
    with contextlib.ExitStack() as things:
        # Members end with the thread that started them, so threads stay until the end.
        threads = things.enter_context(ThreadPoolExecutor(64))
        fake = things.enter_context(FakeStripe())
        members = things.enter_context(replica_set(faults)) if three else None
        settings = world.settings(fake) | {"BUGGIFY_SEED": str(given.seed)}
        system = system_under_test(faults, given.build, members, ("--no-demo",), settings, note=say)
        yield Testbed(things.enter_context(system), fake, faults, threads)


def run(given, bed, say, tamper=None):
    """Rounds, run on a testbed. Tests of the judge let tamper(system, number) change the database
    between a round's calls and its judgement.
    """
    rounds = Rounds(given, *bed, say, tamper)
    try:
        asyncio.run(rounds.run())
    finally:
        if not rounds.clean:
            keep(given, bed.system, rounds)
    return rounds


def say(text):
    print(text, flush=True)


def keep(given, system, rounds):
    folder = given.keep or pathlib.Path(tempfile.mkdtemp(prefix=f"microtask-torture-{given.seed}-"))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(rounds.histories, folder / "histories", dirs_exist_ok=True)
    shutil.copytree(system.stack.state / "logs", folder / "logs", dirs_exist_ok=True)
    for member in system.members.members if system.members else ():
        shutil.copy(member.log, folder / "logs" / f"{member.folder.name}.log")
    told = [*rounds.violations, *(f"undecided {one}" for one in rounds.judge.undecided)]
    (folder / "violations").write_text("".join(f"{one}\n" for one in told))
    rounds.say(f"Histories and logs are in {folder}")
    rounds.say(f"Again: {again(given)}")


def again(given):
    """The command that does the same operations and faults again."""
    words = ["scripts/torture", "--seed", given.seed, "--faults", given.faults]
    words += ["--minutes", given.minutes, "--callers", given.callers]
    words += ["--round", given.round, "--together", given.together, "--build", given.build]
    if given.often:
        words += ["--often", ",".join(given.often)]
    for name in ("ops", "set"):
        if getattr(given, name):
            words += [f"--{name}", getattr(given, name)]
    return " ".join(map(str, words))


def last_line(given, rounds):
    counts = collections.Counter(violation.what for violation in rounds.violations)
    times = [row.times for row in rounds.figures.rows.values() if row.times]
    told = ", ".join(f"{what} {counts[what]}" for what in COUNTED)
    others = sum(counts.values()) - sum(counts[what] for what in COUNTED)
    more = {"other violations": others, "undecided": len(rounds.judge.undecided)}
    return (
        f"seed {given.seed}: {rounds.operations} operations,"
        f" {sum(times)} faults of {len(times)} kinds, {told}"
        + "".join(f", {what} {count}" for what, count in more.items() if count)
    )


def tell(given, rounds):
    """The figures, for people and as JSON; the last line."""
    line = last_line(given, rounds)
    called = max(rounds.spent["calls"], 1e-9)
    rounds.say(rounds.figures.table())
    rounds.say(
        f"{rounds.number} rounds in {rounds.seconds:.0f} s, {rounds.operations / called:.0f}"
        f" operations/s while there were calls; the driver took {100 * rounds.busy / called:.0f} %"
        " of a core"
    )
    spent = ", ".join(f"{what} {seconds:.0f}" for what, seconds in rounds.spent.most_common())
    rounds.say(f"seconds by what took them: {spent}")
    judge = rounds.judge
    rounds.say(f"{judge.judged} tasks and accounts were judged, {judge.longer} of them twice")
    if given.figures:
        given.figures.write_text(json.dumps(as_json(given, rounds, line), indent=1) + "\n")
    rounds.say(line)


def as_json(given, rounds, line):
    return {
        "seed": given.seed,
        "line": line,
        "rounds": rounds.number,
        "operations": rounds.operations,
        "seconds": round(rounds.seconds),
        "spent": {what: round(seconds, 1) for what, seconds in rounds.spent.items()},
        "violations": collections.Counter(one.what for one in rounds.violations),
        "judged": rounds.judge.judged,
        "undecided": len(rounds.judge.undecided),
        "faults": rounds.figures.summary(),
    }


def main():
    given = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))  # faults end, nothing is left
    with testbed(given, say) as bed:
        rounds = run(given, bed, say)
        tell(given, rounds)
    sys.exit(0 if rounds.clean else 1)


if __name__ == "__main__":
    main()
