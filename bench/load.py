"""The calls, and one measurement of one of them: wrk against a contender, and what it cost."""

import datetime
import json
import os
import subprocess
import time

import seed
from measure import Meter, memory_mb
from processes import HERE, Failed

SETTLED_WITHIN = 60  # s, for what the last callers did not wait for
SPREAD = 1000  # tasks of a batch
APPROVALS_A_SECOND = 3000  # that there is work for


class Call:
    """`path` is for people, `request` for load.lua. keeps: nginx may keep answers. batch: so many tasks are put in
    before. counts: how much of it is done, by the database; coins: that each of these moves.
    """

    def __init__(self, name, path, *, request=None, keeps=False, batch=0, counts=None, coins=0):
        self.name, self.path, self.request = name, path, request or name
        self.keeps, self.batch, self.counts, self.coins = keeps, batch, counts, coins


def submissions_made(db, first):
    return db.submissions.count_documents(of_batch("task_id", first))


def submissions_approved(db, first):
    return db.submissions.count_documents(of_batch("task_id", first) | {"status": "approved"})


def tasks_made(db, _):
    return db.tasks.estimated_document_count()


def of_batch(field, first):
    return {field: {"$gte": seed.oid("f", first), "$lt": seed.oid("f", first + seed.BATCH)}}


CALLS = {
    call.name: call
    for call in (
        Call("list", "GET /tasks without a token, nginx keeping nothing"),
        Call("list kept", "GET /tasks without a token, as nginx is set up", request="list", keeps=True),
        Call("task", "GET /tasks/:id"),
        Call("me", "GET /auth/me"),
        Call("notifications", "GET /notifications"),
        Call("unread", "GET /notifications/unread/count"),
        Call("own work", "GET /submissions/worker/my-submissions"),
        Call("submit", "POST /submissions, to a thousand tasks", batch=SPREAD, counts=submissions_made),
        Call(
            "approve",
            "PUT /submissions/:id/approve, of a thousand tasks",
            batch=SPREAD,
            counts=submissions_approved,
            coins=seed.PRICE,
        ),
        Call("create", "POST /tasks, by all buyers", counts=tasks_made, coins=10 * seed.PRICE),
        Call("submit to one", "POST /submissions, all to one task", request="submit", batch=1, counts=submissions_made),
        Call(
            "approve of one",
            "PUT /submissions/:id/approve, all of one task",
            request="approve",
            batch=1,
            counts=submissions_approved,
            coins=seed.PRICE,
        ),
        Call("log in", "POST /auth/login"),
    )
}


def figures(told):
    """What wrk told."""
    good = told["answers"] - told["refused"]
    return {
        "answers": good,
        "rate": good / (told["us"] / 1e6),
        "p50": told["p50_us"] / 1000,
        "p99": told["p99_us"] / 1000,
        "refused": told["refused"],
        "broken": told["broken"],
    }


def until(true):
    end = time.monotonic() + SETTLED_WITHIN
    while not true() and time.monotonic() < end:
        pass  # it waits itself


class Load:
    """Makes measurements on a testbed, whose records are `tasks` and `people`."""

    def __init__(self, bed, people, tasks):
        self.bed, self.people, self.tasks = bed, people, tasks
        self.batches = 0

    def measure(self, contender, call, clients, seconds):
        """A row of figures."""
        for one in self.bed.contenders:
            one.rest(one is not contender)
        first = self.put_in(contender, call, seconds)
        contender.keep_answers(call.keeps)
        watched = {"app": contender.app_pids, "nginx": contender.nginx_workers, "mongod": self.bed.mongod.pids}
        before = self.standing(contender, call, first)
        with Meter(watched, contender.db.client) as meter:
            told = self.wrk(contender, call, clients, seconds, first)
        row = {"contender": contender.name, "call": call.name, "clients": clients, **figures(told)}
        row |= meter.cost(row["answers"])
        until(meter.is_idle)  # or what nobody waits for any more would slow down whoever is next
        if call.counts:
            row |= self.effect(contender, call, first, before, row["answers"], clients)
        contender.alive()
        return row | {"memory": memory_mb(contender.app_pids())}

    def put_in(self, contender, call, seconds):
        """The records that the call is about; their first number."""
        if not call.batch:
            return 0
        self.batches += 1
        pending = min(self.people.workers, APPROVALS_A_SECOND * seconds) if call.request == "approve" else 0
        slots = 10 if pending else 100_000 // call.batch * 100
        seed.batch(contender.db, self.people, self.batches, call.batch, pending, slots)
        return self.batches * seed.BATCH

    def wrk(self, contender, call, clients, seconds, first):
        threads = min(2, clients)
        deadline = datetime.datetime.now() + datetime.timedelta(days=60)
        words = {
            "CALL": call.request,
            "TOKENS": self.bed.state,
            "THREADS": threads,
            "WORKERS": self.people.workers,
            "BUYERS": self.people.buyers,
            "TASKS": self.tasks,
            "FIRST": first,
            "BATCH": call.batch,
            "KEY": f"{time.time_ns():x}",
            "DEADLINE": f"{deadline:%Y-%m-%dT00:00:00Z}",
            "PASSWORD": seed.PASSWORD,
        }
        env = os.environ | {name: str(value) for name, value in words.items()}
        argv = ["wrk", f"-t{threads}", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "load.lua"]
        done = subprocess.run([*argv, contender.base_url], env=env, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise Failed(f"wrk: {(done.stderr or done.stdout).strip()[-500:]}")
        return json.loads(lines[-1])

    def standing(self, contender, call, first):
        """How much of it is done, and the coins of all whom the call gives some or takes some from."""
        done = call.counts(contender.db, first) if call.counts else 0
        role = {"approve": "worker", "create": "buyer"}.get(call.request)
        total = [{"$match": {"role": role}}, {"$group": {"_id": None, "coins": {"$sum": "$coins"}}}]
        return done, next(contender.db.users.aggregate(total))["coins"] if role else 0

    def effect(self, contender, call, first, before, good, clients):
        """What was done for what was answered: parts of what should be. Those whose answer nobody waited for are
        done as well, so the first may be a little above 1.
        """
        now = self.standing(contender, call, first)
        done, moved = (abs(after - earlier) for after, earlier in zip(now, before))
        due = done * call.coins
        effect = {"done": done / max(good, 1), "right": good <= done <= good + clients and moved == due}
        return effect | ({"coins": moved / max(due, 1)} if call.coins else {})
