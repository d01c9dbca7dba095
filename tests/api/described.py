"""Is an answer what docs/openapi.json says? Each one that a test gets is checked against it.

The client of the tests (client.py) and the requests sent by hand (wire.py) call check_answer() with
whatever they got. An answer fits when its status is described for the call, and its body fits the
schema given there: no member missing, none that is not described, no code of an error but those
listed. The document itself leaves room, as a later version may add members and words; today's
programs may not take it.
"""

import contextlib
import copy
import functools
import json
import pathlib
import re
import urllib.parse

import fastjsonschema

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.json"
# What the web server tells before it is known which call was meant, and what is told where there is
# none.
OF_ANY_CALL = {408, 414}
OF_NO_CALL = OF_ANY_CALL | {400, 404, 405, 413, 429, 500, 502, 503, 504}
REFUSED = {"$ref": "#/components/responses/ApiError"}
# Formats that JSON Schema does not have; the types say enough.
FORMATS = {"int64": "", "double": "", "password": "", "email": ".+@.+"}
# Dates go out in one form only.
FORMATS["date-time"] = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z\Z"

_unadopted = 0


@contextlib.contextmanager
def unadopted_data():
    """While the database holds records as no adopted one has them, whose successes are shown as what they
    are: of these only the status is checked.
    """
    global _unadopted
    _unadopted += 1
    try:
        yield
    finally:
        _unadopted -= 1


@functools.lru_cache
def document():
    return json.loads(FILE.read_text())


def resolve(node):
    while "$ref" in node:
        place = document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        node = place
    return node


@functools.lru_cache
def paths():
    """(pattern, what is described there) by the number of segments; the more literal ones first."""
    table = {}
    for path, calls in sorted(document()["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = "".join(
            "([^/]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{\w+\})", path)
        )
        table.setdefault(path.count("/"), []).append((re.compile(pattern), calls))
    return table


def described(method, path):
    """What the document says of the call that a method and a path below /api belong to, or None."""
    path = urllib.parse.unquote(path).removesuffix("/")
    method = "get" if method == "HEAD" else method.lower()
    for pattern, calls in paths().get(path.count("/"), []):
        if pattern.fullmatch(path) and method in calls:
            return calls[method]
    return None


def calls_with_a_key():
    """The names of the calls that take an idempotency key."""
    calls = [call for path in document()["paths"].values() for call in path.values()]
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    return {call["operationId"] for call in calls if key in call.get("parameters", [])}


def name_of(method, path):
    """The call's name in the document."""
    return described(method, path)["operationId"]


def closed(node):
    """The same without room for more: no member but those described, no word but those known today."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {name: closed(value) for name, value in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        node["additionalProperties"] = False
    if "x-extensible-enum" in node:
        node["enum"] = node["x-extensible-enum"]
    return node


@functools.lru_cache(maxsize=None)
def validator(schema):
    """A function that raises when a body does not fit; made once for each schema, given as JSON."""
    # The references within point into the document.
    whole = {"components": document()["components"], "allOf": [json.loads(schema)]}
    return fastjsonschema.compile(closed(whole), formats=FORMATS)


def content_of(call, status):
    """What an answer with this status holds, by media type; None when the status is not described."""
    if status >= 400:
        answer = copy.deepcopy(resolve(call["responses"][f"{status // 100}XX"]))
        codes = call["x-error-codes"].get(str(status))
        if not codes and status not in OF_ANY_CALL:
            return None
        schema = answer["content"]["application/json"]["schema"]
        if codes:
            known = {"properties": {"code": {"enum": codes}}}
            answer["content"]["application/json"]["schema"] = {"allOf": [schema, known]}
        return answer["content"]
    answer = call["responses"].get(str(status))
    return answer and resolve(answer).get("content", {})


def problem(method, path, status, media_type, body):
    """Why an answer is not what the document says, or None. body() gives its JSON."""
    call = described(method, path)
    if method == "OPTIONS":
        return None if status == 204 else "a preflight is 204"
    if not call and status not in OF_NO_CALL:
        return "there is no such call; if it is new, make -C build docs writes it there"
    content = content_of(call, status) if call else resolve(REFUSED)["content"]
    if content is None:
        return f"only {', '.join([*call['responses'], *call['x-error-codes']])} are"
    if not content or method == "HEAD" or (_unadopted and status < 300):
        return None
    if media_type not in content:
        return f"{media_type or 'no media type'} is not among {', '.join(content)}"
    try:
        if media_type == "application/json":
            validator(json.dumps(content[media_type]["schema"]))(body())
    except fastjsonschema.JsonSchemaException as wrong:
        return str(wrong)
    return None


def check_answer(method, path, status, media_type, body):
    """path: with /api; another one is not described and not checked."""
    if not path.startswith("/api/") or path == "/api/openapi.json":
        return
    wrong = problem(method, path.removeprefix("/api"), status, media_type, body)
    assert not wrong, f"{method} {path} answered {status}, unlike {FILE.name}: {wrong}"


def check_response(response):
    """The same for an answer of httpx, as a hook of its client: called before the body is read."""
    media_type = response.headers.get("content-type", "").split(";")[0]

    def body():
        response.read()
        return response.json()

    request = response.request
    check_answer(request.method, request.url.path, response.status_code, media_type, body)
