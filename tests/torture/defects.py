"""Is the judge awake? Plants one defect after the other, and torture must find each.

The tree is copied and built once, outside of the checkout. Each patch of tests/torture/defects/ is
applied to the copy, what it touches is compiled anew, and torture runs against that build until it
tells of the first violation or its time is over. Before that the copy as it is must pass with the
same faults: a judge that always complains proves nothing. It ends with the table that stands in
docs/reliability.md.
"""

import argparse
import collections
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "torture" / "defects"
TABLE = PATCHES / "defects.toml"
# How torture tells of a violation.
VIOLATION = re.compile(r"\s+(lost|doubled|difference|illegal) by the (?P<by>\w+): .*")
LAST_LINE = re.compile(r"seed \d+: (\d+) operations")
ROUND = 500  # operations; the shorter, the sooner one is told of
STOPPING = 60  # s that torture has to end its stack
SHOWN = 160  # characters of a violation


@dataclasses.dataclass
class Defect:
    name: str
    breaks: str
    faults: list
    kinds: list
    often: bool = False  # torture makes its kinds of calls more often
    buggify: bool = False  # planted in the build that fails on purpose

    @property
    def patch(self):
        return PATCHES / f"{self.name}.patch"


def read_table():
    """The table: name → Defect."""
    with open(TABLE, "rb") as file:
        return {name: Defect(name, **row) for name, row in tomllib.load(file).items()}


def run(*command, cwd):
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}")
    return done


class Copy:
    """The checkout as it is now, in a folder of its own, built."""

    def __init__(self, folder):
        self.tree = pathlib.Path(folder)
        listed = run("git", "ls-files", "-z", "-c", "-o", "--exclude-standard", cwd=ROOT).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).exists():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name, follow_symlinks=False)

    def build(self, buggify=False):
        """The build as the tree is now; only what was touched is compiled."""
        options = ["--enable-werror", *(["--enable-buggify"] if buggify else [])]
        folder = self.tree / ("build-buggify" if buggify else "build")
        run("scripts/build", str(folder), *options, cwd=self.tree)
        return folder

    @contextlib.contextmanager
    def planted(self, defect):
        """With the defect in the tree."""
        run("git", "apply", str(defect.patch), cwd=self.tree)
        try:
            yield
        finally:
            run("git", "apply", "-R", str(defect.patch), cwd=self.tree)


Found = collections.namedtuple("Found", "by seconds operations text")


class Failed(Exception):
    """Torture itself, which says nothing about the service."""


def asked(defects):
    """What torture is told to do for these."""
    faults = {fault for defect in defects for fault in defect.faults}
    often = {kind for defect in defects if defect.often for kind in defect.kinds}
    more = ("--often", ",".join(sorted(often))) if often else ()
    return ("--faults", ",".join(sorted(faults)) or "none", *more)


def torture(build, asked_for, options, log, keep=()):
    """Runs it until it tells of a violation. Found, or None. keep: where it leaves what it did."""
    command = [
        str(ROOT / "scripts" / "torture"),
        *("--build", str(build)),
        *("--minutes", str(options.minutes)),
        *asked_for,
        *("--seed", str(options.seed)),
        *("--round", str(ROUND)),
        *("--first", *keep),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = list(timed(process.stdout, log))
        process.wait(STOPPING)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait()
    found = first_violation(said)
    if process.returncode and not found:
        last = said[-1][1].strip() if said else "it said nothing"
        raise Failed(f"{' '.join(command)} failed: {last[:SHOWN]}")
    return found


def timed(lines, log):
    """Each line with the seconds until it came; all of them are logged."""
    begun = time.monotonic()
    for line in lines:
        log.write(line)
        log.flush()
        yield time.monotonic() - begun, line


def first_violation(said):
    """Found, by all who told of something until torture ended; None when nobody did."""
    told = [(seconds, match) for seconds, line in said if (match := VIOLATION.match(line))]
    if not told:
        return None
    seconds, first = told[0]
    by = ", ".join(dict.fromkeys(match["by"] for _, match in told))
    counts = [int(match[1]) for _, line in said if (match := LAST_LINE.match(line))]
    return Found(by, round(seconds), counts[-1] if counts else 0, first[0].strip()[:SHOWN])


def try_without(copy, chosen, options, log):
    """Nothing may be found where there is nothing."""
    say(f"Building a copy of the tree; {options.minutes:g} minutes without a defect")
    found = torture(copy.build(), asked(chosen), options, log)
    if found:
        sys.exit(f"Without a defect torture tells of one: {found.text}")
    say(f"{'(none)':24} nothing found, with {' '.join(asked(chosen))}")


def try_defect(copy, defect, options, log):
    """Found, or None. What torture leaves of it goes with the copy."""
    keep = ("--keep", str(copy.tree.parent / defect.name))
    try:
        with copy.planted(defect):
            build = copy.build(defect.buggify)
            found = torture(build, asked([defect]), options, log, keep)
    except Failed as failure:
        say(f"{defect.name:24} {failure}")
        return None
    if found:
        say(
            f"{defect.name:24} by {found.by:16} in {found.seconds:3} s,"
            f" {found.operations} operations: {found.text}"
        )
    else:
        say(f"{defect.name:24} NOT FOUND in {options.minutes:g} minutes")
    return found


def as_table(results):
    """In Markdown: name, promise, by whom it was found, after how many seconds and operations."""
    rows = [
        (f"`{defect.name}`", defect.breaks, *(found[:3] if found else ("not found", "", "")))
        for defect, found in results
    ]
    head = ("defect", "the promise that it breaks", "found by", "seconds", "operations")
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def say(text):
    print(text, flush=True)


def arguments(table):
    parser = argparse.ArgumentParser(
        prog="scripts/defects",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=__doc__,
        epilog="defects, and the promise that each breaks:\n"
        + "\n".join(f"  {defect.name:24} {defect.breaks}" for defect in table.values()),
    )
    add = parser.add_argument
    add("--minutes", type=float, default=3, metavar="M", help="for each, at most (3)")
    add("--seed", type=int, default=1, metavar="S", help="torture's (1)")
    add("--skip-unplanted", action="store_true", help="do not run without a defect first")
    add("--log", metavar="FILE", help="for all that torture says")
    add("name", nargs="*", help="the defects to try (all)")
    return parser.parse_args()


def main():
    table = read_table()
    options = arguments(table)
    unknown = set(options.name) - set(table)
    if unknown:
        sys.exit(f"No such defect: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = [table[name] for name in options.name or table]
    with tempfile.TemporaryDirectory(prefix="defects-") as folder:
        copy = Copy(pathlib.Path(folder) / "tree")
        with open(options.log or os.devnull, "w", encoding="utf-8") as log:
            if not options.skip_unplanted:
                try_without(copy, chosen, options, log)
            results = [(defect, try_defect(copy, defect, options, log)) for defect in chosen]
    found = sum(result is not None for _, result in results)
    print(f"{as_table(results)}\n{found} of {len(chosen)} found")
    return found < len(chosen)


if __name__ == "__main__":
    sys.exit(main())
