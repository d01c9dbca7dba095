"""tests/promises.md, and what ran: which tests show which promise of the contract, and did they?

conftest.py notes the outcome of every test in `ran`, what scripts/test ran before has a log; test_promises.py compares.
"""

import ast
import collections
import pathlib
import re
import xml.etree.ElementTree as tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests" / "promises.md"

Row = collections.namedtuple("Row", "line promise tests")

API_TEST = re.compile(r"(tests/api/test_\w+\.py)::(test_\w+)")
UNIT_TEST = re.compile(r"(tests/unit/\w+/test_\w+\.c):(\w+)")


def promise(section, *words):
    """Marks a test as one that shows these promises. The mark is read, not run."""
    return lambda test: test


class Malformed(Exception):
    """A line of the page that is no row as the page's head describes it."""


def read(text):
    """The rows of the page: | a promise | `test`<br>`test` |"""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|") or line.startswith(("| promise |", "| --- |")):
            continue
        cells = re.fullmatch(r"\| (.+) \| (.*?) ?\|", line)
        if not cells:
            raise Malformed(f"line {number}: {line}")
        tests = [name.strip() for name in cells[2].split("<br>") if name.strip()]
        for name in tests:
            bare = name.strip("`")
            if name != f"`{bare}`" or not (API_TEST.fullmatch(bare) or UNIT_TEST.fullmatch(bare)):
                raise Malformed(f"line {number}: {name} is not the name of a test")
        rows.append(Row(number, cells[1], [name.strip("`") for name in tests]))
    return rows


# --- what there is ---


def functions(text):
    """The tests that a Python file defines."""
    found = ast.parse(text).body
    return {node.name for node in found if isinstance(node, ast.FunctionDef)}


def registered(text):
    """The tests that a C file defines and gives to Check."""
    defined = set(re.findall(r"^START_TEST\((\w+)\)", text, re.MULTILINE))
    return defined & set(re.findall(r"\btcase_add_(?:loop_)?test\(\s*\w+,\s*(\w+)", text))


def tests_in(path):
    if not path.is_file():
        return set()
    return (functions if path.suffix == ".py" else registered)(path.read_text())


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
    the last assertion, which may be a fixture's: which file a test is in, registered() knows.
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


def missing(rows, root=ROOT):
    """Rows without a test, and tests that are not there."""
    wrong = [f"line {row.line}: no test shows: {row.promise}" for row in rows if not row.tests]
    named = collections.defaultdict(set)
    for row in rows:
        for name in row.tests:
            named[re.match("[^:]+", name)[0]].add(name)
    for file, names in sorted(named.items()):
        there = tests_in(root / file)
        wrong += [
            f"{name}: there is no such test"
            for name in sorted(names)
            if name.rpartition(":")[2] not in there
        ]
    return wrong


def not_shown(rows, ran, whole, unit=None):
    """Tests that are named but did not pass. Unless the whole of the tests was asked for, only
    those that ran can be told; unit: what unit_outcomes() said, if make check ran before.
    """
    wrong = []
    for name in sorted({name for row in rows for name in row.tests}):
        if found := UNIT_TEST.fullmatch(name):
            if unit is not None and not unit.get(found[2]):
                wrong.append(f"{name}: " + ("failed" if found[2] in unit else "did not run"))
        elif not ran.shown(name):
            others = ran.others.get(name)
            if others or whole:
                wrong.append(f"{name}: " + (", ".join(sorted(others)) if others else "did not run"))
    return wrong
