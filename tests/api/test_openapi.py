"""The OpenAPI document: that it is the one the programs print, that others can read it, and that the
check which every answer of the other tests goes through (described.py) notices what it should.
"""

import json
import re
import subprocess
import sys

import pytest
import yaml

from client import UNKNOWN_ID, ok
from conftest import ROOT
from described import FILE, check_answer, document, problem, resolve, validator
from promises import promise

OPERATIONS = [
    (f"{method.upper()} {path}", call)
    for path, calls in document()["paths"].items()
    for method, call in calls.items()
]


@promise("1 The OpenAPI document", "It is the contract's machine-readable form and agrees with it")
def test_the_copy_in_docs_is_what_is_printed_today(stack):
    said = stack.ctl("openapi")
    assert said.stdout == FILE.read_text(), "make -C build docs writes it anew"


@promise("1 The OpenAPI document", "It names an absolute address where it is known")
def test_the_address_is_absolute_where_it_is_known(stack):
    """Clients made from the document of a running service know where it is."""
    known = json.loads(stack.ctl("openapi", "--server", "https://api.example.com/api").stdout)
    assert known["servers"] == [{"url": "https://api.example.com/api"}]
    served = ok(stack.api.get("/openapi.json"))
    assert served["servers"] == [{"url": f"{stack.base_url}/api"}]
    for other in ({**known, "servers": 0}, {**served, "servers": 0}):
        assert other == {**document(), "servers": 0}
    for arguments in (["--server"], ["--server", "api.example.com"], ["--where", "https://x"]):
        assert stack.ctl("openapi", *arguments).returncode != 0


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
        [ROOT / "scripts" / "openapi-validator"], capture_output=True, text=True, timeout=6000
    )
    assert fetched.returncode == 0, fetched.stderr
    said = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        input=text,
        env={"PYTHONPATH": fetched.stdout.strip(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout.splitlines()


def test_a_validator_finds_no_fault_in_it():
    assert validate(FILE.read_text()) == []


def test_the_validator_finds_a_fault_where_there_is_one():
    broken = json.loads(FILE.read_text())
    del broken["paths"]["/tasks/{id}"]["get"]["responses"]["200"]["description"]
    assert validate(json.dumps(broken))


# --- its shape: what generators of clients have tripped over (scripts/clients tries some) ---

SCHEMAS = document()["components"]["schemas"]
# Words that languages keep for themselves, or their libraries do.
RESERVED = {"Error", "Exception", "File", "Id", "List", "Map", "Object", "Package", "String", "Type"}


def nodes(node, path=()):
    """Every object within the document, with the way to it."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            yield from nodes(value, (*path, name))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from nodes(value, (*path, place))


def of_examples(path):
    return bool({"example", "examples"} & set(path))


def all_schemas():
    for path, node in nodes(document()):
        if of_examples(path):
            continue
        named = len(path) > 1 and path[-2] in ("schemas", "properties")
        if named or (path and path[-1] in ("schema", "items", "additionalProperties")):
            yield path, node


def references_from(node):
    return {inner["$ref"].split("/")[-1] for _, inner in nodes(node) if "$ref" in inner}


def answered():
    """The names of the schemas that answers are made of."""
    answers = [call["responses"] for _, call in OPERATIONS] + [document()["components"]["responses"]]
    found, fresh = set(), set().union(*map(references_from, answers))
    while fresh := (fresh & set(SCHEMAS)) - found:
        found |= fresh
        fresh = set().union(*(references_from(SCHEMAS[name]) for name in fresh))
    return found


@promise("1 The OpenAPI document", "Readers of YAML read it")
def test_readers_of_yaml_take_it():
    text = FILE.read_text()
    assert "\t" not in text
    assert yaml.safe_load(text) == document()


@promise(
    "1 The OpenAPI document",
    "Generators of clients read it: each content has a schema, each schema a type, dates and choices have one "
    "form",
)
def test_every_content_has_a_schema():
    contents = [node["content"] for _, node in nodes(document()) if "content" in node]
    assert len(contents) > len(OPERATIONS)
    assert all("schema" in part for content in contents for part in content.values())
    assert not any("*" in media_type for content in contents for media_type in content)


@promise(
    "1 The OpenAPI document",
    "Generators of clients read it: each content has a schema, each schema a type, dates and choices have one "
    "form",
)
def test_nothing_is_of_several_kinds_unless_it_has_a_name():
    """Or is a text that may be null."""
    for path, schema in all_schemas():
        if {"anyOf", "oneOf", "allOf", "not"} & set(schema):
            assert path[:-1] == ("components", "schemas"), path
        if isinstance(schema.get("type"), list):
            assert len(schema["type"]) == 2 and schema["type"][1] == "null", path


@promise(
    "1 The OpenAPI document",
    "Generators of clients read it: each content has a schema, each schema a type, dates and choices have one "
    "form",
)
def test_every_schema_says_its_type():
    for path, schema in all_schemas():
        assert {"type", "$ref", "oneOf"} & set(schema), path
        if "$ref" in schema:
            assert list(schema) == ["$ref"], "others overlook what stands beside it"
        if schema.get("type") == "array":
            assert "items" in schema, path


@promise(
    "1 The OpenAPI document",
    "Generators of clients read it: each content has a schema, each schema a type, dates and choices have one "
    "form",
)
def test_a_format_needs_no_pattern_beside_it():
    for path, schema in all_schemas():
        assert not {"format", "pattern"} <= set(schema), path


def test_numbers_are_as_large_as_ours():
    for path, schema in all_schemas():
        if schema.get("type") in ("integer", "number") and path[-1] != "schema":
            assert schema.get("format") in ("int64", "double"), path


@promise(
    "1 The OpenAPI document",
    "Generators of clients read it: each content has a schema, each schema a type, dates and choices have one "
    "form",
)
def test_dates_go_in_as_text_and_come_out_as_moments():
    """In: a date or a date-time, and clients know but one type for each."""
    answers = answered()
    dates = {"completion_date", "createdAt", "updatedAt", "asOf", "at"}
    for name, schema in SCHEMAS.items():
        for member, kind in schema.get("properties", {}).items():
            if member in dates or member.endswith("_date"):
                wanted = "date-time" if name in answers else None
                assert (kind["type"], kind.get("format")) == ("string", wanted), (name, member)


@promise("1 The OpenAPI document", "Objects may gain fields, and roles, statuses and codes words")
def test_answers_may_gain_members():
    """Some generators refuse what they do not know unless they are told not to."""
    for name in answered():
        schema = SCHEMAS[name]
        assert schema.get("additionalProperties") is True or "oneOf" in schema, name


@promise("1 The OpenAPI document", "Objects may gain fields, and roles, statuses and codes words")
def test_answers_have_no_closed_list_of_words():
    """Roles, statuses and codes may grow: an enum is for what is sent to us."""
    open_lists = 0
    for name in answered():
        for path, node in nodes(SCHEMAS[name]):
            assert not {"enum", "const"} & set(node) or of_examples(path), (name, path)
            open_lists += "x-extensible-enum" in node
    for member in ("role", "status", "type", "code", "authProvider"):
        holders = [SCHEMAS[name].get("properties", {}).get(member) for name in answered()]
        assert any(holder and "x-extensible-enum" in holder for holder in holders), member
    assert open_lists >= 10


@promise("1 The OpenAPI document", "All refusals are one model, and models are few")
def test_there_is_one_answer_for_all_refusals():
    shared = {"$ref": "#/components/responses/ApiError"}
    for name, call in OPERATIONS:
        refusals = {status: answer for status, answer in call["responses"].items() if status >= "4"}
        assert refusals == {"4XX": shared, "5XX": shared}, name
    assert list(document()["components"]["responses"]) == ["ApiError"]


def test_what_some_refusals_tell_beyond_the_rest_is_optional():
    error = SCHEMAS["ApiError"]
    assert set(error["required"]) == {"error", "message", "code", "requestId"}
    assert {"errors", "success", "required", "available", "minRequired", "clientSecret"} <= set(
        error["properties"]
    )


@promise("1 The OpenAPI document", "All refusals are one model, and models are few")
def test_models_are_few_and_have_names_of_their_own():
    """Each schema is a model, and so is each object without a name."""
    named = [path for path, schema in all_schemas() if path[:-1] == ("components", "schemas")]
    nameless = [
        path
        for path, schema in all_schemas()
        if schema.get("properties") and path[:-1] != ("components", "schemas")
    ]
    assert nameless == []
    assert len(named) < len(OPERATIONS) * 1.5
    assert not RESERVED & set(SCHEMAS)
    assert len({name.lower() for name in SCHEMAS}) == len(SCHEMAS)
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in SCHEMAS)


def test_no_schema_is_left_over():
    used = answered() | references_from(document()["paths"]) & set(SCHEMAS)
    assert set(SCHEMAS) == used | set().union(*(references_from(SCHEMAS[name]) for name in used))


def test_no_list_of_required_members_is_empty_or_names_what_is_not_there():
    for path, schema in all_schemas():
        if "required" in schema and path[-1] != "properties":
            assert schema["required"], path
            assert set(schema["required"]) <= set(schema["properties"]), path


def test_no_two_members_become_one_name():
    """_id and id, or task_id and taskId, are one to a generator."""
    for name, schema in SCHEMAS.items():
        plain = [re.sub(r"[^a-z0-9]", "", member.lower()) for member in schema.get("properties", {})]
        assert len(set(plain)) == len(plain), name


# --- what it tells of each call ---


def test_no_tag_is_left_over():
    used = {tag for _, call in OPERATIONS for tag in call["tags"]}
    assert {tag["name"] for tag in document()["tags"]} <= used


@pytest.mark.parametrize("name, call", OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_each_call_is_explained(name, call):
    assert call["summary"] and call["description"] and call["tags"]
    assert any(status.startswith("2") for status in call["responses"])
    assert all(resolve(answer)["description"] for answer in call["responses"].values())
    known = [tag["name"] for tag in document()["tags"]]
    assert set(call["tags"]) <= set(known), "its tag is explained as well"
    if call["security"] == [{"bearer": []}]:
        assert "401" in call["x-error-codes"], "who needs a token can be refused for it"
    for code in {code for codes in call["x-error-codes"].values() for code in codes}:
        assert f"`{code}`" in call["description"], "people are told as well"
    for parameter in call["parameters"]:
        assert resolve(parameter)["description"], parameter


BODIES = [
    (name, call["requestBody"]["content"]["application/json"])
    for name, call in OPERATIONS
    if "requestBody" in call and name != "POST /payments/webhook"
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


@promise("1 The OpenAPI document", "It is the contract's machine-readable form and agrees with it")
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
        ("GET", TASK, 418, {**REFUSED, "code": "conflict"}),
        ("GET", "/health", 200, {"status": "OK", "message": "Up", "uptime": 1}),
        ("GET", TASK, 400, {**REFUSED, "code": "no_such_code"}),
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


@promise("1 The OpenAPI document", "It is the contract's machine-readable form and agrees with it")
def test_the_tests_own_client_checks(api, monkeypatch):
    """Each answer goes through it: with a document that lacks the call, the call fails."""
    monkeypatch.setitem(document()["paths"]["/health"]["get"], "responses", {})
    with pytest.raises(AssertionError, match="unlike openapi.json"):
        api.get("/health")
    check_answer("GET", "/elsewhere", 200, "text/html", None)
