"""More clients than the workers have threads: 512 connections on 2 x 32 threads. No 5xx, no stall
above a second, nothing lost; neither while clients send slowly, nor while workers are stopped or
replaced.

The pace is moderate: this is about waiting for each other, not about speed, and the clients share
the machine.
"""

import asyncio
import itertools
import json
import os
import pathlib
import signal
import statistics
import threading
import time
from collections import Counter

import pytest
from bson import ObjectId

from client import eventually, task_input
from conftest import ROOT
from market import post_task
from wire import Answer, Call, address, request_bytes, tls_context

CONNECTIONS = 512
STALL = 1.0

pytestmark = pytest.mark.usefixtures("books")


class Connection:
    """A kept-alive connection; opened anew when the server said that it would close it."""

    def __init__(self, base_url, context):
        self.base_url, self.context = base_url, context
        self.reader = self.writer = None

    async def open(self):
        host, port = address(self.base_url)
        self.reader, self.writer = await asyncio.open_connection(host, port, ssl=self.context)

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def ask(self, call):
        if self.writer is None:
            await self.open()
        self.writer.write(request_bytes(call))
        return await self.answer(call)

    async def answer(self, call):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:-2]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        status = int(head[0].split()[1])
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            body = await self.chunks()
        elif status not in (204, 304):
            body = await self.reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return Answer(call, status, headers, json.loads(body) if body else None)

    async def chunks(self):
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readexactly(2)
        return body


class Machine:
    """What the machine itself makes others wait for: a thread that asks MongoDB for a small write all the time."""

    SLOW = 0.1

    def __init__(self, db):
        self.db, self.over, self.slow = db, threading.Event(), []
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        while not self.over.wait(0.02):
            begun = time.monotonic()
            self.db.machine.update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True)
            if time.monotonic() - begun > self.SLOW:
                self.slow.append((begun, time.monotonic()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        self.db.machine.drop()

    def without(self, begun, seconds):
        """So many seconds from then on, without those in which it was slow."""
        end = begun + seconds
        return seconds - sum(max(0, min(end, b) - max(begun, a)) for a, b in self.slow)


class Crowd:
    """Clients on connections of their own, each making a call about every `pause` seconds."""

    def __init__(self, stack, calls, connections, pause):
        self.stack, self.calls, self.pause = stack, calls, pause
        context = tls_context()
        self.connections = [Connection(stack.base_url, context) for _ in range(connections)]
        self.over = False
        self.answers, self.broken, self.seconds = [], [], []
        self.late = (
            0.0  # how late these clients themselves were woken at worst: no fault of the service
        )

    async def open(self):
        """With a first call: nginx waits longer for the second, and opening all takes a busy machine long."""
        first = Call("GET", "/health")
        for some in range(0, len(self.connections), 32):
            await asyncio.gather(
                *(connection.ask(first) for connection in self.connections[some : some + 32])
            )

    async def client(self, connection, delay):
        next_at = time.monotonic() + delay
        while not self.over:
            await asyncio.sleep(max(0, next_at - time.monotonic()))
            begun = time.monotonic()
            self.late = max(self.late, begun - next_at)
            await self.one(connection, next(self.calls))
            next_at = max(begun + self.pause, time.monotonic())

    async def one(self, connection, call):
        begun = time.monotonic()
        try:
            answer = await connection.ask(call)
        except (OSError, EOFError) as failure:
            self.broken.append((call.method, call.path, repr(failure)))
            connection.close()
            return
        self.seconds.append((time.monotonic() - begun, begun, call.method, call.path))
        self.answers.append(answer)

    async def during(self, meanwhile, at_least):
        """Runs the crowd while something else happens and until it has so many answers, whatever time a busy machine
        takes for these; returns what the other returned.
        """
        await self.open()
        with Machine(self.stack.db) as self.machine:
            return await self.calling(meanwhile, at_least)

    async def calling(self, meanwhile, at_least):
        count = len(self.connections)
        clients = [
            asyncio.ensure_future(self.client(connection, self.pause * i / count))
            for i, connection in enumerate(self.connections)
        ]
        try:
            returned = await meanwhile
            while len(self.answers) < at_least and not self.broken:
                await asyncio.sleep(0.1)
            return returned
        finally:
            self.over = True
            await asyncio.gather(*clients)
            for connection in self.connections:
                connection.close()

    def check(self, db):
        """No failure of any kind, no stall, and what was acknowledged is there."""
        assert self.broken == []
        statuses = Counter(answer.status for answer in self.answers)
        odd = [
            (answer.call.method, answer.call.path, answer.status, answer.body)
            for answer in self.answers
            if answer.status >= 300
        ]
        assert not odd, (statuses, odd[:3])
        waited = [(self.machine.without(begun, took), took, *call) for took, begun, *call in self.seconds]
        longest, usual = sorted(waited)[-3:], statistics.median(row[0] for row in waited)
        # Where the machine has less to give than is asked for, all wait, and nobody for long among them.
        assert (
            longest[-1][0] - self.late < STALL + 10 * usual
        ), f"the longest of {len(self.seconds)}: {longest}; {self.late=}; {usual=}"
        for collection, record in ((db.tasks, "task"), (db.submissions, "submission")):
            made = [
                ObjectId(answer.body[record]["_id"])
                for answer in self.answers
                if answer.status == 201 and record in answer.body
            ]
            assert made, "there were writes"
            assert collection.count_documents({"_id": {"$in": made}}) == len(made)


@pytest.fixture
def calls(stack):
    """An endless mix of what a front end asks for: one call in twelve is a write."""
    buyers = [stack.user("buyer", 100_000) for _ in range(8)]
    workers = [stack.user("worker") for _ in range(60)]
    tasks = [post_task(buyer, required_workers=500, payable_amount=1) for buyer in buyers]
    # Each worker once to each task, and neighbours have neither in common: this is no race.
    hand_ins = ((workers[k % 60], tasks[(k // 60 + k) % 8]) for k in range(480))

    def endless():
        for i in itertools.count():
            buyer, worker, task = buyers[i % 8], workers[i % 60], tasks[i % 8]
            yield Call("GET", "/tasks")
            yield Call("GET", "/tasks?limit=20&sortBy=-payable_amount", worker.token)
            yield Call("GET", f"/tasks/{task['_id']}", worker.token)
            yield Call("GET", "/auth/me", worker.token)
            yield Call("GET", "/submissions/worker/my-submissions", worker.token)
            yield Call("GET", "/submissions/buyer/review", buyer.token)
            if i % 2:
                yield Call(
                    "POST", "/tasks", buyer.token, task_input(required_workers=1, payable_amount=1)
                )
            else:
                by, handed_in = next(hand_ins)
                body = {"task_id": handed_in["_id"], "submission_details": "Done."}
                yield Call("POST", "/submissions", by.token, body)
            yield Call("GET", "/public/tasks")
            yield Call("GET", f"/tasks?q={task['task_title'].split()[-1]}", buyer.token)
            yield Call("GET", "/tasks/top-workers")
            yield Call("GET", "/tasks/buyer/my-tasks?limit=10", buyer.token)
            yield Call("GET", "/health")

    return endless()


def test_512_connections_on_32_threads(stack, db, calls):
    crowd = Crowd(stack, calls, CONNECTIONS, pause=2)
    asyncio.run(crowd.during(asyncio.sleep(8), at_least=CONNECTIONS * 3))
    crowd.check(db)


def test_512_calls_in_the_same_instant_are_all_answered(stack, worker):
    """They queue; none is turned away."""
    crowd = Crowd(stack, None, CONNECTIONS, pause=0)

    async def storm():
        await crowd.open()
        call = Call("GET", "/auth/me", worker.token)
        await asyncio.gather(*(crowd.one(connection, call) for connection in crowd.connections))

    asyncio.run(storm())
    assert crowd.broken == []
    assert Counter(answer.status for answer in crowd.answers) == {200: CONNECTIONS}


def test_clients_who_send_slowly_hold_up_nobody(stack, db, calls, new_buyer):
    """Twice as many as there are threads, each taking three seconds for a body. Each has coins of its
    own, else they would wait for each other.
    """
    crowd = Crowd(stack, calls, connections=64, pause=0.4)
    buyers, context = [new_buyer() for _ in range(64)], tls_context()

    async def slow(connection, buyer):
        call = Call("POST", "/tasks", buyer.token, task_input(required_workers=1, payable_amount=1))
        await connection.open()
        payload = request_bytes(call)
        body_at = payload.index(b"\r\n\r\n") + 4
        connection.writer.write(payload[:body_at])
        size = -(-(len(payload) - body_at) // 30)
        for start in range(body_at, len(payload), size):
            connection.writer.write(payload[start : start + size])
            await asyncio.sleep(0.1)
        answer = await connection.answer(call)
        connection.close()
        return answer.status

    async def slow_ones():
        return await asyncio.gather(
            *(slow(Connection(stack.base_url, context), buyer) for buyer in buyers)
        )

    statuses = asyncio.run(crowd.during(slow_ones(), at_least=300))
    assert statuses == [201] * 64
    crowd.check(db)


def test_a_worker_that_is_stopped_fails_no_request(stack, db, calls):
    """SIGTERM: it answers what it has and ends, five seconds later at most where the machine has time for it, while the
    others take what comes.
    """
    crowd = Crowd(stack, calls, connections=64, pause=0.4)

    async def stop_one():
        await asyncio.sleep(1)
        pid = stack.worker_pids()[0]
        os.kill(pid, signal.SIGTERM)
        begun = time.monotonic()
        while os.path.exists(f"/proc/{pid}") and time.monotonic() - begun < 30:
            await asyncio.sleep(0.05)
        took = time.monotonic() - begun
        await asyncio.sleep(1.5)
        return pid, took

    pid, took = asyncio.run(crowd.during(stop_one(), at_least=300))
    assert took - crowd.late < 10, "it does not end"
    crowd.check(db)
    eventually(lambda: pid not in stack.worker_pids() and len(stack.worker_pids()) == 2, within=60)


def test_replacing_the_workers_fails_no_request(stack, db, calls):
    """scripts/reload, one after the other; each leaves of its own accord."""
    crowd = Crowd(stack, calls, connections=64, pause=0.4)
    before, log = stack.worker_pids(), pathlib.Path(stack.env()["LOG_STACK"])
    told_before = len(log.read_text())

    async def reload():
        await asyncio.sleep(0.5)
        script = await asyncio.create_subprocess_exec(
            str(ROOT / "scripts" / "reload"),
            "--state",
            str(stack.state),
            stdout=asyncio.subprocess.DEVNULL,
        )
        return await script.wait()

    assert asyncio.run(crowd.during(reload(), at_least=300)) == 0
    assert "killed" not in log.read_text()[told_before:]
    crowd.check(db)
    assert not set(before) & set(stack.worker_pids())
