"""A plain reader of server-sent events, as the HTML standard describes them, and what it reads.

A Reader is one stream on a thread of its own. It keeps all it was told, and, where asked to, comes
back by itself with what it saw last, as a browser does.
"""

import contextlib
import http.client
import json
import pathlib
import socket
import struct
import threading
import time
import urllib.parse
from collections import namedtuple

from bson import ObjectId

from client import eventually, now, unique
from wire import address, tls_context

PATH = "/api/notifications/stream"
Event = namedtuple("Event", "id type data at")


class Over(Exception):
    """The stream ended, in good order or not."""


def connect_to(path, timeout):
    """A Unix socket whose listener has as many waiting connections as the system allows refuses whoever does not block
    (nginx too); whoever blocks waits for room. So the timeout is set when the connection stands.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", timeout, 0))
    connection.connect(str(path))
    connection.settimeout(timeout)
    return connection


class UnixConnection(http.client.HTTPConnection):
    """HTTP on a Unix socket: straight to a process, past nginx."""

    def __init__(self, path):
        super().__init__("localhost", timeout=70)
        self.path = str(path)

    def connect(self):
        self.sock = connect_to(self.path, self.timeout)


def connection_to(where):
    """where: the base URL of a stack, or the path of a socket."""
    if isinstance(where, pathlib.Path):
        return UnixConnection(where)
    host, port = address(where)
    return http.client.HTTPSConnection(host, port, timeout=70, context=tls_context())


class Reader:
    """with Reader(stack.base_url, token=…) as reader: … reader.events"""

    def __init__(self, where, token=None, last=None, query=None, headers=None, returns=False):
        self.where, self.token, self.last, self.returns = where, token, last, returns
        self.query, self.headers = query or {}, headers or {}
        self.events, self.comments, self.resume_points = [], [], []
        self.opened, self.status, self.answer = 0, None, None
        self.over = threading.Event()  # it will not come back
        self.connection = self.socket = None
        self.retry = 1.0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        eventually(lambda: self.opened or self.over.is_set())
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.returns = False
        with contextlib.suppress(OSError, AttributeError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(60)

    def run(self):
        while True:
            with contextlib.suppress(Over, OSError, http.client.HTTPException):
                self.read_stream()
            with contextlib.suppress(OSError, AttributeError):
                self.connection.close()
            if not self.returns:
                break
            time.sleep(self.retry)
        self.over.set()

    def read_stream(self):
        headers = {"Accept": "text/event-stream", **self.headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.last:
            headers["Last-Event-ID"] = self.last
        query = f"?{urllib.parse.urlencode(self.query)}" if self.query else ""
        self.connection = connection_to(self.where)
        self.connection.request("GET", PATH + query, headers=headers)
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        if self.status != 200:
            self.refusal = json.loads(self.answer.read())
            return
        self.opened += 1
        while True:
            self.read_event()

    def read_event(self):
        """One block of the stream: an event if it has data, else what it says besides."""
        data, kind = [], "message"
        while line := self.read_line():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line.startswith(":"):
                self.comments.append(time.monotonic())
            elif name == "data":
                data.append(value)
            elif name == "event":
                kind = value
            elif name == "retry":
                self.retry = int(value) / 1000
            elif name == "id":
                self.last = value
        if data:
            said = json.loads("\n".join(data))
            self.events.append(Event(self.last, kind, said, time.monotonic()))
        elif self.last:
            self.resume_points.append(self.last)

    def read_line(self):
        line = self.answer.readline()
        if not line.endswith(b"\n"):
            raise Over
        return line.decode().rstrip("\r\n")

    def ids(self):
        return [event.id for event in self.events]

    def wait_for(self, count):
        """The first events, when so many are there."""
        eventually(lambda: len(self.events) >= count)
        return self.events[:count]

    def wait_for_ids(self, wanted):
        """Every one of these has come, at least once."""
        wanted = {str(one) for one in wanted}
        try:
            eventually(lambda: wanted <= set(self.ids()))
        except AssertionError:
            missing = wanted - set(self.ids())
            raise AssertionError(f"{len(missing)} of {len(wanted)} never came") from None


def notification(user, **changes):
    """A document as any writer makes it."""
    moment = now()
    return {
        "_id": ObjectId(),
        "user_id": ObjectId(user.id),
        "toEmail": user.email,
        "message": f"Something happened: {unique()}",
        "actionRoute": "/dashboard/worker/home",
        "type": "task",
        "isRead": False,
        "archived": False,
        "createdAt": moment,
        "updatedAt": moment,
        **changes,
    }


def notify(db, user, count=1, **changes):
    """Tells a user so many things; their ids, in order, as a stream writes them."""
    documents = [notification(user, **changes) for _ in range(count)]
    db.notifications.insert_many(documents)
    return [str(document["_id"]) for document in documents]
