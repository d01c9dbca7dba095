"""tests/promises.md names, for each promise of the contract, the tests that show it. This file runs
last (conftest.py sees to that) and compares the page with what there is and what ran.
"""

import os
import pathlib
import types

import pytest

import promises


@pytest.fixture(scope="module")
def rows():
    return promises.read(promises.PAGE.read_text())


def whole(request):
    """Whether all tests were asked for, and not some files or names of them."""
    paths = [str(argument) for argument in request.config.args]
    return not promises.ran.deselected and not any("::" in p or p.endswith(".py") for p in paths)


def test_each_promise_has_tests_and_each_of_these_exists(rows):
    assert len(rows) > 250, "the contract promises more than that"
    assert promises.missing(rows) == []


def test_each_test_that_shows_a_promise_ran_and_passed(rows, request):
    results = pathlib.Path(os.environ.get("RESULTS", "none"))  # scripts/test has logs written there
    log = results / "unit.xml"
    unit = promises.unit_outcomes(log) if log.is_file() else None
    for log in results.glob("api-*.xml"):
        promises.ran.note_junit(log)
    assert promises.not_shown(rows, promises.ran, whole(request), unit) == []


# --- the check itself ---

GOOD = "| a promise | `tests/api/test_a.py::test_it`<br>`tests/unit/base/test_b.c:it_does` |"


@pytest.mark.parametrize(
    "line",
    [
        "| a promise |",
        "| a promise | tests/api/test_a.py::test_it |",
        "| a promise | `test_a.py::test_it` |",
        "| a promise | `tests/api/test_a.py::test_it[1]` |",
        "| a promise | `tests/api/test_a.py::test_it`, `tests/api/test_a.py::test_that` |",
        "| a promise | seen by hand |",
    ],
)
def test_a_row_that_is_none_is_noticed(line):
    with pytest.raises(promises.Malformed):
        promises.read(line)


def test_rows_are_read():
    text = f"# Promises\n\n| promise | shown by |\n| --- | --- |\n{GOOD}\n| another | |\n"
    tests = ["tests/api/test_a.py::test_it", "tests/unit/base/test_b.c:it_does"]
    assert promises.read(text) == [(5, "a promise", tests), (6, "another", [])]


@pytest.fixture
def sources(tmp_path):
    """A tree with the two tests that GOOD names."""
    for folder in ("tests/api", "tests/unit/base"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/api/test_a.py").write_text("def test_it():\n    pass\n")
    text = "START_TEST(it_does)\nEND_TEST\n\ttcase_add_test(tcase, it_does);\n"
    (tmp_path / "tests/unit/base/test_b.c").write_text(text)
    return tmp_path


def test_what_is_missing_is_noticed(sources):
    rows = promises.read(GOOD)
    assert promises.missing(rows, sources) == []
    assert promises.missing(promises.read("| a promise | |"), sources) != []
    (sources / "tests/api/test_a.py").write_text("def test_other():\n    pass\n")
    assert promises.missing(rows, sources) == [f"{rows[0].tests[0]}: there is no such test"]
    (sources / "tests/unit/base/test_b.c").write_text("START_TEST(it_does)\nEND_TEST\n")
    assert len(promises.missing(rows, sources)) == 2, "Check was not told of it"


def report(outcome, when="call", parameter="", **more):
    node = f"tests/api/test_a.py::test_it{parameter}"
    return types.SimpleNamespace(nodeid=node, outcome=outcome, when=when, **more)


def outcome_of(*reports, whole=True, unit=None):
    ran = promises.Ran()
    for one in reports:
        ran.note(one)
    return promises.not_shown(promises.read(GOOD), ran, whole, unit)


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
        return promises.not_shown(promises.read(GOOD), ran, whole=True)

    assert outcome('"><', '[2]"><') == []
    for bad in ("failure", "error", "skipped"):
        assert outcome('"><', f'[2]"><{bad}/><') == [f"tests/api/test_a.py::test_it: {bad}"]
    assert outcome() == ["tests/api/test_a.py::test_it: did not run"]


def test_what_was_not_asked_for_is_missed_only_where_all_was():
    assert outcome_of(whole=True) == ["tests/api/test_a.py::test_it: did not run"]
    assert outcome_of(whole=False) == []
    assert outcome_of(report("failed"), whole=False) == ["tests/api/test_a.py::test_it: failed"]


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
