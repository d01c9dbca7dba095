"""tests/promises.txt has each promise of the contract, marks on the tests say which of them they show. This file runs
last (conftest.py sees to that) and compares both with each other, with the printed page and with what ran.
"""

import os
import pathlib
import types

import pytest

import promises
from promises import Promise, Row


def whole(request):
    """Whether all tests were asked for, and not some files or names of them."""
    paths = [str(argument) for argument in request.config.args]
    return not promises.ran.deselected and not any("::" in p or p.endswith(".py") for p in paths)


def test_each_promise_has_tests_and_each_mark_a_promise():
    assert len(promises.rows()) > 500, "the contract promises more than that"
    assert promises.missing() == []


def test_the_page_is_what_the_marks_say():
    page = (promises.ROOT / "tests/promises.md").read_text()
    assert page == promises.page(), "tests/api/promises.py (or make docs) prints it anew"


def test_each_test_that_shows_a_promise_ran_and_passed(request):
    results = pathlib.Path(os.environ.get("RESULTS", "none"))  # scripts/test has logs written there
    log = results / "unit.xml"
    unit = promises.unit_outcomes(log) if log.is_file() else None
    for log in results.glob("api-*.xml"):
        promises.ran.note_junit(log)
    assert promises.not_shown(promises.rows(), promises.ran, whole(request), unit) == []


# --- the check itself ---

LIST = """\
How it is written.

## 1. Conventions

### Requests

- a promise
- role a|b,
  as ever
"""
A_PROMISE, ROLES = Promise("1 Requests", "a promise"), Promise("1 Requests", "role a|b, as ever")
API, UNIT = "tests/api/test_a.py::test_it", "tests/unit/base/test_b.c:it_does"
PYTHON = """
@promise("1 Requests", "a promise", "role a|b, " "as ever")
@pytest.mark.parametrize("x", [1, 2])
def test_it(x):
    pass
"""
C = """
PROMISE("1 Requests",
	"a promise")
START_TEST(it_does)
END_TEST
	tcase_add_test(tcase, it_does);
"""


@pytest.fixture
def tree(tmp_path):
    """tree(name=text) writes a tree with a list, a test in Python and one in C, or others instead."""

    def write(listed=LIST, python=PYTHON, c=C):
        for name, text in (
            ("tests/promises.txt", listed),
            ("tests/api/test_a.py", python),
            ("tests/unit/base/test_b.c", c),
        ):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_marks_are_read(tree):
    assert promises.rows(tree()) == [Row(A_PROMISE, [API, UNIT]), Row(ROLES, [API])]
    assert promises.missing(tree()) == []


def test_the_page_has_a_row_for_each_promise(tree):
    page = promises.page(tree())
    assert page.startswith(promises.HEAD)
    assert page.removeprefix(promises.HEAD) == f"""

## 1. Conventions

### Requests

| promise | shown by |
| --- | --- |
| a promise | `{API}`<br>`{UNIT}` |
| role a\\|b, as ever | `{API}` |
"""


def test_what_is_missing_is_noticed(tree):
    assert promises.missing(tree(python="")) == [f"no test shows: {ROLES}"]
    assert len(promises.missing(tree(python="", c=""))) == 2


def test_a_mark_for_what_is_not_promised_is_noticed(tree):
    for there, other in (("1 Requests", "2 Requests"), ("a promise", "another")):
        (wrong,) = promises.missing(tree(c=C.replace(there, other)))
        assert wrong.startswith(f"{UNIT}: there is no such promise") and other in wrong
    twice = PYTHON.replace("@pytest", '@promise("1 Requests", "a promise")\n@pytest')
    assert promises.missing(tree(python=twice)) == [f"{(API, A_PROMISE)}: twice"]


@pytest.mark.parametrize(
    "python, c",
    [
        pytest.param(PYTHON.replace("test_it", "it"), C, id="another function"),
        pytest.param(PYTHON.replace("def test_it(x):", "class TestIt:"), C, id="a class"),
        pytest.param(PYTHON + '\npromise("1 Requests", "a promise")\n', C, id="nothing"),
        pytest.param(PYTHON, C.replace("tcase_add_test", ""), id="Check was not told of it"),
        pytest.param(PYTHON, C.replace("START_TEST", "static void "), id="a function of C"),
        pytest.param(PYTHON, C.replace('"a promise"', "A_PROMISE"), id="words that cannot be read"),
    ],
)
def test_a_mark_on_what_does_not_run_as_a_test_is_noticed(tree, python, c):
    with pytest.raises(promises.Malformed):
        promises.rows(tree(python=python, c=c))


@pytest.mark.parametrize("line", ["a promise", "* a promise", "- a promise", "## 2. Roles\n- x"])
def test_a_line_of_the_list_that_is_none_is_noticed(line):
    with pytest.raises(promises.Malformed):
        promises.listed(f"{LIST}{line}\n")


def report(outcome, when="call", parameter="", **more):
    node = f"tests/api/test_a.py::test_it{parameter}"
    return types.SimpleNamespace(nodeid=node, outcome=outcome, when=when, **more)


def outcome_of(*reports, whole=True, unit=None):
    ran = promises.Ran()
    for one in reports:
        ran.note(one)
    return promises.not_shown([Row(A_PROMISE, [API, UNIT])], ran, whole, unit)


def test_only_what_passed_in_all_its_parts_is_shown():
    good = [report("passed", when) for when in ("setup", "call", "teardown")]
    assert outcome_of(*good) == []
    for bad in (
        report("failed"),
        report("failed", "teardown"),
        report("failed", parameter="[2]"),
        report("skipped", "setup", parameter="[2]"),
        report("skipped", wasxfail=""),
        report("passed", wasxfail="", parameter="[2]"),
    ):
        assert len(outcome_of(*good, bad)) == 1, bad
    assert len(outcome_of(report("passed", "setup"), report("skipped", "call"))) == 1


def test_what_another_session_ran_is_looked_up_in_its_log(tmp_path):
    def outcome(*cases):
        log = tmp_path / "api-a.xml"
        named = "".join(f'<testcase classname="test_a" name="test_it{case}/testcase>' for case in cases)
        log.write_text(f"<testsuites><testsuite>{named}</testsuite></testsuites>")
        ran = promises.Ran()
        ran.note_junit(log)
        return promises.not_shown([Row(A_PROMISE, [API])], ran, whole=True)

    assert outcome('"><', '[2]"><') == []
    for bad in ("failure", "error", "skipped"):
        assert outcome('"><', f'[2]"><{bad}/><') == [f"{API}: {bad}"]
    assert outcome() == [f"{API}: did not run"]


def test_what_was_not_asked_for_is_missed_only_where_all_was():
    assert outcome_of(whole=True) == [f"{API}: did not run"]
    assert outcome_of(whole=False) == []
    assert outcome_of(report("failed"), whole=False) == [f"{API}: failed"]


@pytest.mark.parametrize(
    "results, wrong", [(["success"] * 2, 0), (["success", "failure"], 1), ([], 1)]
)
def test_unit_tests_are_looked_up_in_checks_log(tmp_path, results, wrong):
    tests = "".join(
        f'<test result="{result}"><fn>a_fixture.c:7</fn><id>it_does</id></test>'
        for result in results
    )
    log = tmp_path / "unit.xml"
    log.write_text(f'<testsuites xmlns="http://check.sourceforge.net/ns">{tests}</testsuites>')
    assert len(outcome_of(report("passed"), unit=promises.unit_outcomes(log))) == wrong
