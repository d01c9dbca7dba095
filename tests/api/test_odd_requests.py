"""Requests that no client sends on purpose: whatever is wrong with one, and whichever program notices, the
refusal is JSON of the shape of all errors.
"""

import http.client
import json
import re
import socket

import pytest

from client import Api, assert_error, http_client
from conftest import ROOT
from promises import promise
from second_nginx import second_nginx
from wire import address, connect

HOST = b"Host: localhost\r\n"
STREAM = b"/api/notifications/stream"
PLACES = [b"/api/tasks", STREAM, b"/", b"/docs/", b"/nothing"]


def request(path=b"/api/tasks", headers=b"", method=b"GET", version=b"HTTP/1.1"):
    return b"%s %s %s\r\n%sConnection: close\r\n%s\r\n" % (method, path, version, HOST, headers)


def answer_to(connection, sent):
    """The status, the headers and the body's text; of HTTP/0.9, which has no more, the text alone."""
    try:
        connection.sendall(sent)
    except OSError:
        pass  # refused before all of it was sent
    method = re.match(rb"[A-Z]+|", sent)[0].decode()
    response = http.client.HTTPResponse(connection, method="HEAD" if method == "HEAD" else "GET")
    try:
        response.begin()
    except http.client.BadStatusLine as line:
        return None, {}, line.line
    return response.status, response.headers, response.read().decode()


def assert_refused(connection, sent, *statuses):
    status, headers, text = answer_to(connection, sent)
    assert status in statuses, f"{sent[:80]} {text[:200]}"
    assert headers["Content-Type"] == "application/json; charset=utf-8", sent[:80]
    assert headers["X-Content-Type-Options"] == "nosniff"
    refused = json.loads(text)
    assert {"error", "message", "code", "requestId"} <= set(refused)
    assert refused["error"] == refused["message"]
    return refused


LONG = b"x" * 7000
MALFORMED = {
    "no host": b"GET /api/tasks HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /api/tasks HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host that is none": b"GET /api/tasks HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a version to come": request(version=b"HTTP/3.0"),
    "no version": request(version=b"HTTQ/1.1"),
    "a method in small letters": request(method=b"get"),
    "no HTTP": b"\x00\x01\x02 hello\r\n\r\n",
    "HTTP/2 where HTTP/1.1 was agreed on": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no path": request(b"api/tasks"),
    "an asterisk": request(b"*", method=b"OPTIONS"),
    "another server's name": request(b"localhost:443", method=b"CONNECT"),
    "a NUL in the path": request(b"/api/tasks%00"),
    "a percent sign that begins nothing": request(b"/api/%zz"),
    "a path above the root": request(b"/../../etc/passwd"),
    "a blank in the path": request(b"/api/tasks?q=a b"),
    "a control character": request(b"/api/tasks?q=\x01"),
    "a blank in a header's name": request(headers=b"Bad Header: x\r\n"),
    "headers that are too long": request(headers=b"".join(b"X%d: %s\r\n" % (i, LONG) for i in range(9))),
    "a header that is too long": request(headers=b"X: " + 6 * LONG + b"\r\n"),
    "a length that is no number": request(method=b"POST", headers=b"Content-Length: abc\r\n"),
    "a length below 0": request(method=b"POST", headers=b"Content-Length: -1\r\n"),
    "two lengths": request(method=b"POST", headers=b"Content-Length: 1\r\nContent-Length: 2\r\n"),
    "a length and chunks": request(
        method=b"POST", headers=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    ),
    "chunks that are none": request(method=b"POST", headers=b"Transfer-Encoding: chunked\r\n") + b"zz\r\n",
    "an unknown way to send": request(method=b"POST", headers=b"Transfer-Encoding: smoke\r\n"),
    "chunks in HTTP/1.0": request(
        method=b"POST", version=b"HTTP/1.0", headers=b"Transfer-Encoding: chunked\r\n"
    ),
}


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_proper_request_is_refused_in_json(stack, sent):
    with connect(stack.base_url) as connection:
        assert_refused(connection, sent, 400, 501, 505)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
def test_an_address_that_is_too_long_is_refused_in_json(stack):
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(b"/api/" + 6 * LONG), 414)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"PROPFIND", b"FOO", b"PATCH", b"DELETE"])
def test_a_method_that_is_not_there_is_refused_in_json(stack, method, path):
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(path, method=method), 401, 404, 405)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
@pytest.mark.parametrize(
    "headers, status",
    [
        (b"Range: bytes=99999999-\r\n", 416),
        (b'If-Match: "x"\r\n', 412),
        (b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n", 412),
        (b"Content-Length: 99999999\r\n", 413),
    ],
)
def test_what_a_page_cannot_be_asked_for_is_refused_in_json(stack, headers, status):
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(b"/", headers), status)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"TRACE", b"PROPFIND"])
def test_a_body_that_breaks_off_in_nonsense_is_refused_in_json(stack, method, path):
    """nginx may notice it while it throws the body away, with another refusal on its way already."""
    chunked = request(path, headers=b"Transfer-Encoding: chunked\r\n", method=method) + b"zz\r\n"
    with connect(stack.base_url) as connection:
        assert_refused(connection, chunked, 400, 404, 405)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
def test_http_on_the_port_of_https_is_refused_in_json(stack):
    for sent in (request(), request(b"/docs/"), request(STREAM), request(method=b"POST"), b"hello\r\n\r\n"):
        with socket.create_connection(address(stack.base_url), timeout=120) as connection:
            assert_refused(connection, sent, 400)


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
def test_a_folder_without_its_slash_is_only_pointed_to(stack):
    for path in ("/docs", "/docs/swagger-ui"):
        moved = stack.http.get(path)
        assert (moved.status_code, moved.headers["location"]) == (301, path + "/")
        assert "html" not in moved.headers["content-type"] and moved.text == ""


@promise("1 CORS", "Whatever else is refused, by whichever program, is like them: no HTML")
def test_http_2_is_refused_in_json_as_well(stack):
    with http_client(stack.base_url, http2=True) as client:
        assert client.get("/nothing").http_version == "HTTP/2"
        for refused in (
            client.get("/api/%zz"),
            client.get("/api/tasks?q=" + "x" * 9000),
            client.request("CONNECT", "/api/tasks"),
            client.request("FOO", "/docs/"),
            client.get("/nothing"),
        ):
            assert 400 <= refused.status_code < 500
            assert refused.headers["content-type"] == "application/json; charset=utf-8"
            assert {"error", "message", "code", "requestId"} <= set(refused.json())


# --- the address of streams, behind which another program answers ---

ODD_WAYS = [
    b"//[/.." + STREAM,
    b"//]:80/.." + STREAM,
    b"//:9999999/.." + STREAM,
    b"//a@b@c:x/.." + STREAM,
    b"//<>/.." + STREAM,
    b"//x/.." + STREAM,
    b"//" + STREAM,
    b"/" + STREAM,
    b"/:/.." + STREAM,
    b"/%2e" + STREAM,
    b"/api/x/../notifications/stream",
    b"/api/notifications%2fstream",
    b"/api/notifications/%73tream",
    STREAM + b"//",
]


@promise("1 CORS", "What the program behind streams refuses is like them")
@pytest.mark.parametrize("path", ODD_WAYS)
def test_an_odd_way_to_the_stream_is_refused_in_json(stack, path):
    """As the same way to another call is: what stands in the address is read as the workers read it."""
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(path), 401, 404)


QUERIES = [b"%zz", b"%", b"a=%00", b"ticket=%ff", b"ticket=\xff\xfe", b"://[", b'"<>^`{}|\\', b"#", b"?", LONG]


@promise("1 CORS", "What the program behind streams refuses is like them")
@pytest.mark.parametrize("query", QUERIES, ids=[str(query[:12]) for query in QUERIES])
def test_an_odd_query_of_a_stream_is_refused_in_json(stack, query):
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(STREAM + b"?" + query), 400, 401)


ODD_HEADERS = {
    "long": b"Authorization: Bearer %s\r\nLast-Event-ID: %s\r\n" % (LONG, LONG),
    "several": b"".join(b"Last-Event-ID: %s\r\n" % LONG for _ in range(3)),
    "no text": b"Authorization: \xff\x01\r\nLast-Event-ID: \xff\r\nX-Request-Id: \xff\r\n",
    "a body": b"Content-Length: 5\r\n\r\nhello",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    "of another protocol": b"Upgrade: websocket\r\nExpect: something\r\n",
    "our own": b"X-Request-Uri: /api/notifications/elsewhere\r\nX-HTTP-Method-Override: PUT\r\n",
}


@promise("1 CORS", "What the program behind streams refuses is like them")
@pytest.mark.parametrize("headers", ODD_HEADERS.values(), ids=ODD_HEADERS.keys())
@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_odd_headers_of_a_stream_are_refused_in_json(stack, headers, version):
    with connect(stack.base_url) as connection:
        assert_refused(connection, request(STREAM, headers, version=version), 400, 401)


@promise("1 CORS", "What the program behind streams refuses is like them")
def test_while_nobody_serves_streams_that_is_said_in_json(stack, tmp_path):
    shipped = tmp_path / "conf"
    shipped.mkdir()
    text = (ROOT / "conf" / "nginx.conf").read_text()
    nowhere = text.replace("include microtask/events.conf;", f'server "unix:{tmp_path}/nobody.sock";')
    assert nowhere != text
    (shipped / "nginx.conf").write_text(nowhere)
    with second_nginx(stack, tmp_path, shipped) as url, http_client(url) as client:
        refused = Api(client).get("/notifications/stream")
        assert_error(refused, 502, "unavailable")
        assert int(refused.headers["retry-after"]) >= 1
