"""The OpenAPI document: that it is the one the programs print, that others can read it, and that the
check which every answer of the other tests goes through (described.py) notices what it should.
"""

import json
import re
import subprocess
import sys

import pytest

from client import UNKNOWN_ID
from conftest import ROOT
from described import FILE, check_answer, document, problem, resolve, validator

OPERATIONS = [
    (f"{method.upper()} {path}", call)
    for path, calls in document()["paths"].items()
    for method, call in calls.items()
]


def test_the_copy_in_docs_is_what_is_printed_today(stack):
    said = stack.ctl("openapi")
    assert said.stdout == FILE.read_text(), "make -C build docs writes it anew"


def test_no_name_stands_twice_in_an_object():
    def unique(pairs):
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
        return dict(pairs)

    json.loads(FILE.read_text(), object_pairs_hook=unique)


# --- others can read it ---

VALIDATE = """
import json, sys
from openapi_spec_validator import openapi_v31_spec_validator as validator
for error in validator.iter_errors(json.load(sys.stdin)):
    print(error.message)
"""


def validate(text):
    """What a validator of OpenAPI documents has to say, a line for each fault."""
    fetched = subprocess.run(
        [ROOT / "scripts" / "openapi-validator"], capture_output=True, text=True, timeout=120
    )
    assert fetched.returncode == 0, fetched.stderr
    said = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        input=text,
        env={"PYTHONPATH": fetched.stdout.strip(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()


def test_a_validator_finds_no_fault_in_it():
    assert validate(FILE.read_text()) == []


def test_the_validator_finds_a_fault_where_there_is_one():
    broken = json.loads(FILE.read_text())
    del broken["paths"]["/tasks/{id}"]["get"]["responses"]["200"]["description"]
    assert validate(json.dumps(broken))


# --- what it tells of each call ---


@pytest.mark.parametrize("name, call", OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_call_is_explained(name, call):
    assert call["summary"] and call["description"] and call["tags"]
    assert any(status.startswith("2") for status in call["responses"])
    assert all(resolve(answer)["description"] for answer in call["responses"].values())
    known = [tag["name"] for tag in document()["tags"]]
    assert set(call["tags"]) <= set(known), "its tag is explained as well"
    if call["security"] == [{"bearer": []}]:
        assert "401" in call["responses"], "who needs a token can be refused for it"
    for parameter in call["parameters"]:
        assert resolve(parameter)["description"], parameter


BODIES = [
    (name, call["requestBody"]["content"]["application/json"])
    for name, call in OPERATIONS
    if "application/json" in call.get("requestBody", {}).get("content", {})
]


@pytest.mark.parametrize("name, body", BODIES, ids=[name for name, _ in BODIES])
def test_an_example_of_a_body_fits_its_schema_and_has_all_it_needs(name, body):
    validator(json.dumps(body["schema"]))(body["example"])


def test_operation_ids_are_names_that_stand_once():
    names = [call["operationId"] for _, call in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]+", name) for name in names)


# --- the check of every answer ---

TASK = f"/tasks/{UNKNOWN_ID}"
REFUSED = {"error": "No.", "message": "No.", "code": "not_found", "requestId": "r"}
MESSAGE = {"message": "Done."}


def fits(method, path, status, body, media_type="application/json"):
    return problem(method, path, status, media_type, lambda: body) is None


def test_the_check_lets_pass_what_is_described():
    assert fits("GET", TASK, 404, REFUSED)
    assert fits("HEAD", TASK, 200, None)
    assert fits("GET", TASK + "/", 304, None, media_type="")
    assert fits("POST", "/auth/logout", 200, MESSAGE)
    assert fits("OPTIONS", "/anything", 204, None)
    assert fits("GET", "/no/such/call", 404, REFUSED)
    assert fits("DELETE", "/auth/me", 405, {**REFUSED, "code": "method_not_allowed"})


@pytest.mark.parametrize(
    "method, path, status, body",
    [
        ("POST", "/auth/logout", 201, MESSAGE),
        ("POST", "/auth/logout", 200, {}),
        ("POST", "/auth/logout", 200, {"message": 1}),
        ("POST", "/auth/logout", 200, {**MESSAGE, "secret": 1}),
        ("GET", TASK, 409, {**REFUSED, "code": "conflict"}),
        ("GET", TASK, 404, {**REFUSED, "code": "conflict"}),
        ("GET", TASK, 404, {**REFUSED, "stack": "at task.c:1"}),
        ("GET", TASK, 404, {**REFUSED, "requestId": None}),
        ("GET", "/tasks", 200, {"tasks": [{"_id": UNKNOWN_ID}]}),
        ("GET", "/tasks/top-workers", 200, {"workers": []}),
        ("GET", "/no/such/call", 200, MESSAGE),
        ("GET", "/no/such/call", 404, {}),
        ("OPTIONS", "/tasks", 200, None),
    ],
)
def test_the_check_notices(method, path, status, body):
    assert not fits(method, path, status, body)


def test_the_check_notices_another_media_type(api):
    assert not fits("GET", TASK, 404, REFUSED, media_type="text/html")


def test_the_tests_own_client_checks(api, monkeypatch):
    """Each answer goes through it: with a document that lacks the call, the call fails."""
    monkeypatch.setitem(document()["paths"]["/health"]["get"], "responses", {})
    with pytest.raises(AssertionError, match="unlike openapi.json"):
        api.get("/health")
    check_answer("GET", "/elsewhere", 200, "text/html", None)
