"""Which tests show which promise of the contract, and did they?

tests/promises.txt has the promises, in the contract's order; marks on the tests say which of them each shows:
@promise(…) here, PROMISE(…) in tests/unit. As a program this file prints both, as tests/promises.md. conftest.py notes
the outcome of every test in `ran`, what scripts/test ran before has a log; test_promises.py compares.
"""

import ast
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = "tests/promises.txt"

# section: "1 Limits", the number of the chapter and the heading
Promise = collections.namedtuple("Promise", "section words")
Row = collections.namedtuple("Row", "promise tests")

HEAD = """# Promises

<!-- Printed by `make docs` from tests/promises.txt and the marks on the tests: a change is made there. -->

The contract says what callers are promised. Here it is walked line by line, section by section: one row for each thing
that could be broken on its own, and the tests whose marks say that they show it. `scripts/test` ends with
`tests/api/test_promises.py`, which fails when a row has no test, or one that did not run or did not pass; a test that
is skipped shows nothing."""


def promise(section, *words):
    """Marks a test as one that shows these promises. The mark is read, not run."""
    return lambda test: test


class Malformed(Exception):
    """A line of the list, or a mark, that is none."""


# --- the promises ---


def lines_of(text):
    """The lines of the list, each with those that continue it. Above the first chapter it explains itself."""
    chapters = text[text.index("## ") :]
    return [line for line in re.sub(r"\n  +", " ", chapters).splitlines() if line]


def listed(text):
    """The promises: "- words" below "### Limits" below "## 1. Conventions"."""
    found, chapter, section = [], None, None
    for line in lines_of(text):
        kind, _, words = line.partition(" ")
        if kind == "##":
            chapter, section = words.partition(".")[0], None
        elif kind == "###":
            section = f"{chapter} {words}"
        elif kind == "-" and section and Promise(section, words) not in found:
            found.append(Promise(section, words))
        else:
            raise Malformed(f"{LIST}: {line}")
    return found


# --- the marks ---

LITERALS = r'(?:"(?:[^"\\\n]|\\.)*"|[\s,])+'
C_MARK = re.compile(rf"^PROMISE\(({LITERALS})\)\s*", re.MULTILINE)
C_TEST = re.compile(rf"((?:^PROMISE\({LITERALS}\)\s*)+)^START_TEST\((\w+)\)", re.MULTILINE)


def is_mark(node):
    called = getattr(node, "func", None)
    return "promise" in (getattr(called, "id", None), getattr(called, "attr", None))


def marks_in_python(text):
    """[(test, arguments)] of the marks on tests, and how many marks there are wherever they stand."""
    module = ast.parse(text)
    found = [
        (test.name, [ast.literal_eval(argument) for argument in mark.args])
        for test in module.body
        if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        for mark in filter(is_mark, test.decorator_list)
    ]
    return found, sum(map(is_mark, ast.walk(module)))


def marks_in_c(text):
    """The same. A test that Check was not told of does not run, so a mark shows nothing there."""
    told = set(re.findall(r"\btcase_add_(?:loop_)?test\(\s*\w+,\s*(\w+)", text))
    found = [
        (test, list(ast.literal_eval(f"({literals},)")))
        for above, test in C_TEST.findall(text)
        if test in told
        for literals in C_MARK.findall(above)
    ]
    return found, len(re.findall(r"^\s*PROMISE\(", text, re.MULTILINE))


def marks(root=ROOT):
    """[(test, promise)] of all tests, by file and place."""
    found = []
    for folder, pattern, read, name in (
        ("tests/api", "test_*.py", marks_in_python, "::"),
        ("tests/unit", "test_*.c", marks_in_c, ":"),
    ):
        for path in sorted((root / folder).rglob(pattern)):
            file = path.relative_to(root).as_posix()
            here, count = read(path.read_text())
            if len(here) != count:
                raise Malformed(f"{file}: {count} marks, {len(here)} of them on a test that runs")
            for test, (section, *words) in here:
                found += [(f"{file}{name}{test}", Promise(section, one)) for one in words]
    return found


def rows(root=ROOT):
    """Each promise, with the tests that are marked with it."""
    by_promise = collections.defaultdict(list)
    for test, shown in marks(root):
        by_promise[shown].append(test)
    return [Row(one, by_promise[one]) for one in listed((root / LIST).read_text())]


def page(root=ROOT):
    """tests/promises.md"""
    shown = iter(rows(root))
    printed = [HEAD]
    for line in lines_of((root / LIST).read_text()):
        if line.startswith("- "):
            promised, tests = next(shown)
            words = promised.words.replace("|", r"\|")
            printed.append(f"| {words} | {'<br>'.join(f'`{test}`' for test in tests)} |")
        else:
            printed += ["", line]
            printed += ["", "| promise | shown by |", "| --- | --- |"] if line.startswith("###") else []
    return "\n".join(printed) + "\n"


# --- what ran ---


class Ran:
    """The outcomes of tests, those of parameters together."""

    def __init__(self):
        self.passed, self.others = set(), collections.defaultdict(set)
        self.deselected = False

    def note(self, report):
        """A phase of a test: what is skipped or expected to fail shows nothing."""
        file, _, test = report.nodeid.partition("[")[0].partition("::")
        name = f"tests/api/{pathlib.PurePath(file).name}::{test}"  # pytest's root may be tests/api
        outcome = "expected to fail" if hasattr(report, "wasxfail") else report.outcome
        if outcome != "passed":
            self.others[name].add(outcome)
        elif report.when == "call":
            self.passed.add(name)

    def note_junit(self, path):
        """The tests of another session, as pytest wrote them down."""
        for case in tree.parse(path).iter("testcase"):
            file, test = case.get("classname").rpartition(".")[2], case.get("name").partition("[")[0]
            name = f"tests/api/{file}.py::{test}"
            bad = {tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None}
            self.others[name] |= bad
            if not bad:
                self.passed.add(name)

    def shown(self, name):
        return name in self.passed and not self.others.get(name)


def unit_outcomes(path):
    """{test: whether all that are called so passed}, as Check's XML log tells. It names the file of
    the last assertion, which may be a fixture's: which file a test is in, marks() knows.
    """
    space = "{http://check.sourceforge.net/ns}"
    outcomes = {}
    for test in tree.parse(path).iter(f"{space}test"):
        name = test.findtext(f"{space}id")
        outcomes[name] = outcomes.get(name, True) and test.get("result") == "success"
    return outcomes


# conftest.py fills it.
ran = Ran()


# --- what is wrong ---


def missing(root=ROOT):
    """Promises without a test, and marks for what is not promised or is marked already."""
    found = collections.Counter(marks(root))
    promised = listed((root / LIST).read_text())
    shown = {one for _, one in found}
    return (
        [f"no test shows: {one}" for one in promised if one not in shown]
        + [f"{test}: there is no such promise: {one}" for test, one in found if one not in promised]
        + [f"{mark}: twice" for mark, count in found.items() if count > 1]
    )


def not_shown(rows, ran, whole, unit=None):
    """Tests that are named but did not pass. Unless the whole of the tests was asked for, only
    those that ran can be told; unit: what unit_outcomes() said, if make check ran before.
    """
    wrong = []
    for name in sorted({name for row in rows for name in row.tests}):
        if ".c:" in name:
            test = name.rpartition(":")[2]
            if unit is not None and not unit.get(test):
                wrong.append(f"{name}: " + ("failed" if test in unit else "did not run"))
        elif not ran.shown(name):
            others = ran.others.get(name)
            if others or whole:
                wrong.append(f"{name}: " + (", ".join(sorted(others)) if others else "did not run"))
    return wrong


if __name__ == "__main__":
    sys.stdout.write(page())
