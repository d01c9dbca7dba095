"""Callers: they make the calls of the kinds as real clients do, and note what they heard.

Each caller takes the next operation's number, and what that operation is follows from it and from
the world (schedule.py). A call with an Idempotency-Key whose outcome is unknown is sent again until
it is known, after what Retry-After says, by a task of its own, while the caller goes on. Some that
are known are sent again, too, and must be answered alike; some are sent twice at once; some keys
come with another body, some are no valid keys. After some writes the caller reads what it wrote.
"""

import asyncio
import dataclasses
import itertools
import json

import aiohttp
import yarl

from answers import Answer
from calls import Call
from history import OK, REFUSED, UNKNOWN, Attempt, Operation, Violation, now
from kinds import KINDS
from schedule import generator

BY_NAME = {kind.name: kind for kind in KINDS}
# Times as often, of the kinds that shall come often.
OFTEN = 10
# Shares of the operations.
WITHOUT_KEY, BAD_KEY = 0.2, 0.015
TWICE, AGAIN, OTHER_BODY, READ_BACK, CLOSELY = 0.05, 0.08, 0.02, 0.2, 0.1
BAD_KEYS = ("k" * 256, "k\u00e9y", "a\tb")
LONGEST_PAUSE = 2.0  # s; a client that waits longer than a fault tells little about it
BACK_WITHIN = 15  # s from the end of the last cause to a success
GIVEN_UP_AFTER = 60  # s without a success, or without an outcome: a lease of 30 s is waited for
READS_BACK = 1_000_000  # added to an operation's number for the read that follows it


@dataclasses.dataclass
class Manner:
    """How an operation is made, whatever it is."""

    key: str | None  # if the call may bear one
    twice: bool  # at once
    again: bool  # when it is known
    other_body: bool
    read_back: bool
    closely: bool  # the answer is compared with the API's document

    @classmethod
    def draw(cls, rng, name):
        key = name if rng.random() >= WITHOUT_KEY else None
        bad = rng.choice(BAD_KEYS)
        key = bad if rng.random() < BAD_KEY else key
        shares = (TWICE, AGAIN, OTHER_BODY, READ_BACK, CLOSELY)
        return cls(key, *[rng.random() < share for share in shares])


class Callers:
    """The callers of one round. The nemesis is told which operation comes, figures hear each
    answer.
    """

    def __init__(self, http, system, world, nemesis, figures, often=()):
        self.http, self.system, self.world = http, system, world
        self.weights = [kind.weight * (OFTEN if kind.name in often else 1) for kind in KINDS]
        self.nemesis, self.figures = nemesis, figures
        self.numbers = itertools.count()
        self.operations, self.violations = [], []
        self.retries = set()
        self.given_up = False

    async def run(self, count, operations, seed, number):
        """Operations, at least so many, and more until all faults are over and all is well."""
        self.name, self.least = f"{seed}-{number}", operations
        await asyncio.gather(*(self.caller(which) for which in range(count)))
        back = max(self.figures.recovering_for(), self.figures.slowest_back)
        if back > BACK_WITHIN:
            self.violations.append(Violation("illegal", f"not back for {back:.1f} s"))

    async def finish(self):
        """Waits for what is unknown still."""
        if self.retries:
            await asyncio.wait(self.retries, timeout=GIVEN_UP_AFTER)
        self.given_up = True
        await asyncio.gather(*self.retries)

    def wanted(self, n):
        if n < self.least or self.nemesis.lasting:
            return True
        return 0 < self.figures.recovering_for() < GIVEN_UP_AFTER

    async def caller(self, which):
        while self.wanted(n := next(self.numbers)):
            self.nemesis.reach(n)
            rng = generator(self.name, n)
            manner = Manner.draw(rng, f"k{self.name}-{n}")
            if call := self.choose(rng):
                await self.make(Operation(n, which, call), manner)
            else:
                await asyncio.sleep(0.001)

    def choose(self, rng):
        """A call of a kind by weight; of another one where the world has nothing for it."""
        for kind in rng.choices(KINDS, self.weights, k=12):
            if call := kind.choose(self.world, rng):
                return call
        return None

    # --- one operation ---

    async def make(self, operation, manner):
        """Until its outcome is known; what is unknown at first is left to a task of its own."""
        call = operation.call
        operation.key = call.reuse_key or (manner.key if call.key else None)
        if operation.key in BAD_KEYS:
            call.input = {**call.input, "spoiled": "bad key"}
        body = encoded(call.body)
        operation.start = now()
        answer = await self.first_answer(operation, body, manner)
        if answer.outcome == UNKNOWN and operation.key:
            retry = asyncio.create_task(self.retry(operation, body, manner, answer))
            self.retries.add(retry)
            retry.add_done_callback(self.retries.discard)
        else:
            await self.conclude(operation, body, manner, answer)

    async def first_answer(self, operation, body, manner):
        """Of two that are sent at once, the one that tells more; two successes must be alike."""
        sendings = 2 if operation.key and manner.twice else 1
        answers = await asyncio.gather(
            *(self.send(operation, body, manner.closely) for _ in range(sendings))
        )
        answer = min(answers, key=lambda one: (OK, UNKNOWN, REFUSED).index(one.outcome))
        done = [one for one in answers if one.outcome == OK]
        if len(done) == 2 and (done[0].status, done[0].raw) != (done[1].status, done[1].raw):
            said = f"{done[0].raw!r} and {done[1].raw!r}"
            self.violate("doubled", f"two answers to one key: {said}", operation)
        if answer.outcome == REFUSED and operation.key and manner.again and sendings == 1:
            answer = await self.send_after_refusal(operation, body)
        return answer

    async def send(self, operation, body, closely=False, repeat=False):
        call = operation.call
        request_id = f"t{self.name}-{operation.n}-{len(operation.attempts)}"
        headers = {"X-Request-Id": request_id, **call.headers}
        if call.token is not None:
            headers["Authorization"] = f"Bearer {call.token}"
        if operation.key is not None:
            headers["Idempotency-Key"] = operation.key
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        attempt = Attempt(request_id, now(), repeat=repeat)
        operation.attempts.append(attempt)
        operation.during.update(self.figures.lasting)
        url = yarl.URL(f"{self.system.url}/api{call.path}", encoded=True)
        answer = await self.fetch(call.method, url, body, headers, attempt.start)
        if answer.status is not None:
            attempt.end, attempt.status = now(), answer.status
            attempt.replayed = answer.replayed
        answer.attempt = attempt
        self.figures.heard(answer)
        operation.during.update(self.figures.lasting)
        if wrong := answer.wrong(call, request_id, closely):
            self.violate("illegal", f"{call.method} {call.path}: {wrong}", operation)
        return answer

    async def fetch(self, method, url, body, headers, start):
        try:
            async with self.http.request(method, url, data=body, headers=headers) as response:
                raw = await response.read()
                seconds = (now() - start) / 1e9
                return Answer(seconds, response.status, response.headers, raw)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as lost:
            return Answer((now() - start) / 1e9, lost=repr(lost))

    async def send_after_refusal(self, operation, body):
        """A refusal gave the key back: what is sent with it again is judged anew."""
        answer = await self.send(operation, body)
        if answer.code == "in_progress" and not operation.during:
            self.violate("illegal", "a key is in progress, though its call was refused", operation)
        return answer

    async def retry(self, operation, body, manner, answer):
        """Sends it again until its outcome is known, or nobody waits for that any more."""
        pause = 0.1
        while answer.outcome == UNKNOWN and not self.given_up:
            jitter = generator(self.name, operation.n, len(operation.attempts)).uniform(0.8, 1.2)
            await asyncio.sleep(min(answer.retry_after or pause, LONGEST_PAUSE) * jitter)
            pause = min(2 * pause, LONGEST_PAUSE)
            answer = await self.send(operation, body)
        if answer.outcome == UNKNOWN:
            said = answer.status or answer.lost
            self.violate("lost", f"{operation.call.kind} is unknown to the end: {said}", operation)
        await self.conclude(operation, body, manner, answer)

    async def conclude(self, operation, body, manner, answer):
        """Its outcome is known, or will never be."""
        call = operation.call
        operation.outcome, operation.status = answer.outcome, answer.status
        operation.answer = answer.body
        known = answer.outcome != UNKNOWN
        operation.end = answer.attempt.end if known else None
        if answer.outcome == OK:
            name_created(call, answer.body)
        self.operations.append(operation)
        BY_NAME[call.kind].learn(self.world, call, answer.status if known else None, answer.body)
        if answer.outcome == OK and call.method != "GET":
            if operation.key and manner.again:
                await self.repeat(operation, body, answer)
            if operation.key and manner.other_body:
                await self.send_other_body(operation, body)
            if call.token and manner.read_back:
                await self.read_back(operation)

    # --- what a known outcome is held to ---

    async def repeat(self, operation, body, first):
        """The kept answer must come, and nothing be done."""
        again = await self.send(operation, body, repeat=True)
        if decided_before_key(again):
            return
        if NAMELESS in again.raw and again.status == first.status:
            return
        if (again.status, again.raw) != (first.status, first.raw):
            said = f"{first.status} {first.raw!r} and then {again.status} {again.raw!r}"
            self.violate("doubled", f"a key's repeat is answered otherwise: {said}", operation)
        elif not again.replayed:
            self.violate("illegal", "a repeat without Idempotent-Replayed", operation)

    async def send_other_body(self, operation, body):
        """The same key with another body, byte for byte, is 422."""
        answer = await self.send(operation, (body or b"{}") + b" ", repeat=True)
        if not decided_before_key(answer) and (answer.status, answer.code) != (422, "key_reused"):
            said = f"{answer.status} {answer.raw[:300]!r}"
            self.violate("doubled", f"a key with another body is answered {said}", operation)

    async def read_back(self, operation):
        call = reading(operation.call)
        read = Operation(operation.n + READS_BACK, operation.caller, call, start=now())
        answer = await self.send(read, None)
        await self.conclude(read, None, None, answer)
        expected = FINAL.get(operation.call.kind)
        if answer.outcome == OK and expected and call.submission:
            seen = answer.body["submission"]["status"]
            if seen != expected:
                self.violate("lost", f"{operation.call.kind} and then it is {seen}", operation)

    def violate(self, what, text, operation):
        self.violations.append(Violation(what, text, (operation.n,)))


# A kept answer loses the name of somebody who is removed meanwhile.
NAMELESS = b'"Deleted user"'
# What a submission is for good after these.
FINAL = {"submission.approve": "approved", "submission.reject": "rejected"}
CREATED = ("task", "submission", "withdrawal", "payment")


def encoded(body):
    """The bytes that are sent each time, as keys are bound to them."""
    return json.dumps(body).encode() if isinstance(body, dict) else body


def decided_before_key(answer):
    """What is looked at before the key: who calls, and whether anything works at all."""
    return answer.outcome == UNKNOWN and answer.code != "in_progress" or answer.status in (401, 403)


def name_created(call, answer):
    """A record that the call made is what the call is about from now on."""
    for name in CREATED if isinstance(answer, dict) else ():
        record = answer.get(name)
        if getattr(call, name) is None and isinstance(record, dict):
            setattr(call, name, record.get("_id"))


def reading(call):
    """The read that shows its caller what a call did; the token may be over by now."""
    told = {name: call.input[name] for name in ("iat", "role") if name in call.input}
    who = {"token": call.token, "actor": call.actor, "input": told}
    if call.submission:
        about = {"submission": call.submission, "task": call.task, "accounts": call.accounts}
        return Call("submission.read", "GET", f"/submissions/{call.submission}", **about, **who)
    if call.task and call.kind.startswith("task."):
        about = {"task": call.task, "accounts": call.accounts}
        return Call("task.read", "GET", f"/tasks/{call.task}", **about, **who)
    return Call("me.read", "GET", "/auth/me", accounts=(call.actor,), **who)
