"""HTTP spoken by hand, where a library would be in the way: many requests in the same instant.

Each request is sent but for its last byte; nginx holds it back from the workers until then. The
last bytes of all follow in one go, within about a millisecond, so that the workers really
compete.
"""

import http.client
import itertools
import json
import socket
import ssl
import time
import urllib.parse
from collections import Counter, namedtuple

from client import PATIENCE
from described import check_answer

Call = namedtuple("Call", "method path token body headers", defaults=(None, None, None))
Answer = namedtuple("Answer", "call status headers body")


def tls_context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def address(base_url):
    url = urllib.parse.urlsplit(base_url)
    return url.hostname, url.port or 443


def request_bytes(call, host="localhost"):
    """The request as it goes over the wire; an empty body for calls that need none."""
    body = b"" if call.body is None else json.dumps(call.body).encode()
    lines = [
        f"{call.method} /api{call.path} HTTP/1.1",
        f"Host: {host}",
        f"Content-Length: {len(body)}",
    ]
    if call.body is not None:
        lines.append("Content-Type: application/json")
    if call.token:
        lines.append(f"Authorization: Bearer {call.token}")
    lines += [f"{name}: {value}" for name, value in (call.headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def connect(base_url, context=None, source=None):
    """source: the address that it comes from, where that matters."""
    source = (source, 0) if source else None
    plain = socket.create_connection(address(base_url), timeout=PATIENCE, source_address=source)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (context or tls_context()).wrap_socket(plain)


def read_answer(connection, call):
    response = http.client.HTTPResponse(connection, method=call.method)
    response.begin()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(call, response.status, headers, json.loads(body) if body else None)
    media_type = headers.get("content-type", "").split(";")[0]
    path = "/api" + call.path.split("?")[0]
    check_answer(call.method, path, answer.status, media_type, lambda: answer.body)
    return answer


class Volley:
    """Calls that come in the same instant, each over a connection of its own and, where addresses are
    given, from one of its own.
    """

    def __init__(self, stack, calls, addresses=()):
        self.calls, self.connections = calls, []
        self.payloads = [request_bytes(call) for call in calls]
        context = tls_context()
        try:
            for payload, source in itertools.zip_longest(self.payloads, addresses):
                self.connections.append(connect(stack.base_url, context, source))
                self.connections[-1].sendall(payload[:-1])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fire(self):
        self.fired = time.monotonic()
        for connection, payload in zip(self.connections, self.payloads):
            connection.sendall(payload[-1:])

    def answers(self):
        """In the order of the calls."""
        return [read_answer(*each) for each in zip(self.connections, self.calls)]

    def leave(self):
        """Without an answer; returns when nginx knows it, and has left the workers, too."""
        for connection in self.connections:
            connection.shutdown(socket.SHUT_WR)
        for connection in self.connections:
            while connection.recv(65536):
                pass

    def close(self):
        for connection in self.connections:
            connection.close()


def at_once(stack, calls):
    """Makes all the calls in the same instant; the answers in the same order."""
    with Volley(stack, calls) as volley:
        time.sleep(0.05)
        volley.fire()
        return volley.answers()


def outcomes(answers):
    """How often each outcome occurred: {201: 1, "no_open_slot": 59}; a refusal goes by its code."""
    return Counter(
        answer.status if answer.status < 400 else answer.body["code"] for answer in answers
    )


# --- calls that meet each other ---


def submitting(worker, task, **headers):
    body = {"task_id": task["_id"], "submission_details": "Done."}
    return Call("POST", "/submissions", worker.token, body, headers)


def reviewing(reviewer, submission, verdict):
    return Call("PUT", f"/submissions/{submission['_id']}/{verdict}", reviewer.token)


def withdrawing(worker, coins=200):
    body = {"withdrawal_coin": coins, "payment_system": "bkash", "account_number": "01712345678"}
    return Call("POST", "/withdrawals", worker.token, body)


def deciding(admin, withdrawal, verdict, path="/withdrawals"):
    return Call("PUT", f"{path}/{withdrawal['_id']}/{verdict}", admin.token)
