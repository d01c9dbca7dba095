"""Rounds: calls and faults, then rest, then all that was done is compared with the rules.

A round's history is judged by the judge's program while the next round runs; what was found clean
is dropped, so a run may last for hours. A world lives for some rounds; then its records are removed
and another one begins, so that snapshots stay small.
"""

import asyncio
import collections
import contextlib
import itertools
import json
import time

import aiohttp
import httpx
from bson import ObjectId
from pymongo.errors import PyMongoError

import history
import rules
import snapshot
import world
from answers import PATIENCE
from callers import BACK_WITHIN, Callers
from client import eventually
from figures import Figures
from history import Violation
from journal import Reader, check_journal, commits
from nemesis import Nemesis
from schedule import generator, plan
from verdicts import Judge, build

WORLD_LASTS = 8  # rounds
REST_WITHIN = 90  # s: deadlines are swept within a minute
SHOWN = 5  # violations of a round, each with so many of its operations
FIELDS_SHOWN = "n kind actor input outcome status code start end during answer".split()
WORLD_COLLECTIONS = {*snapshot.COLLECTIONS, "throttle", "tickets"} - {"meta"}


class Rounds:
    def __init__(self, given, system, fake, faults, threads, say, tamper=None):
        self.given, self.system, self.fake, self.faults = given, system, fake, faults
        self.threads, self.say, self.tamper = threads, say, tamper
        self.figures = Figures()
        self.judge = Judge(build(system.folder))
        self.violations = []
        self.number = self.operations = 0
        self.busy = 0.0  # s that the driver itself took of those with calls
        self.spent = collections.Counter()  # s, by what they were spent on
        self.finished = self.dirty = False
        self.latest = None  # the last snapshot
        self.histories = system.folder / "histories"
        self.histories.mkdir(exist_ok=True)

    def in_thread(self, function, *arguments):
        return asyncio.get_running_loop().run_in_executor(self.threads, function, *arguments)

    async def run(self):
        self.began = time.monotonic()
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=False, limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        async with session as self.http:
            while self.goes_on():
                await self.round(self.number)
                self.number += 1
            await self.judged()
        self.finished = True

    @property
    def seconds(self):
        return time.monotonic() - self.began

    @property
    def clean(self):
        """Nothing was found, and nothing left open."""
        return self.finished and not self.violations and not self.judge.undecided

    def goes_on(self):
        enough = self.given.ops and self.operations >= self.given.ops
        enough = enough or self.given.first and self.violations
        return not enough and self.seconds < 60 * self.given.minutes

    @contextlib.contextmanager
    def spending(self, what):
        began = time.monotonic()
        yield
        self.spent[what] += time.monotonic() - began

    # --- one round ---

    async def round(self, number):
        with self.spending("a world"):
            if number % WORLD_LASTS == 0 or self.dirty:
                await self.in_thread(eventually, lambda: self.make_world(number), BACK_WITHIN)
                self.latest = await self.in_thread(self.snapshot)
            before = self.latest
            self.world.refresh(before)
            reader = await self.in_thread(self.reader(number).start)
        callers, nemesis, seconds = await self.calls(number)
        if self.tamper:
            await self.in_thread(self.tamper, self.system, number)
        with self.spending("rest"):
            # No look after the last one: the service goes on, and may complete a payment meanwhile.
            await self.in_thread(reader.stop)
            after = await self.rest(number)
        lines = [operation.line() for operation in callers.operations]
        with self.spending("comparing"):
            found = await self.in_thread(self.compare, number, before, lines, after, reader)
        found = [*callers.violations, *nemesis.violations, *found, *self.complaints()]
        self.operations += len(lines)
        kinds = " ".join(sorted(planned.fault.name for planned in nemesis.planned))
        self.say(
            f"round {number}: {len(lines)} operations in {seconds:.1f} s"
            f" ({len(lines) / seconds:.0f}/s); {kinds or 'no fault'}; {len(found)} violations"
        )
        self.report(found, lines)
        with self.spending("the judge"):
            await self.judged()
        late = await self.look_again(after, lines)
        self.dirty = bool(found or late)
        await self.judge.start(self.path(number))

    async def look_again(self, after, lines):
        """At what is done after the round's end, when the next one has not begun."""
        self.latest = await self.in_thread(self.snapshot)
        late = list(rules.late(after, self.latest, lines))
        self.report(late, lines)
        return late

    async def judged(self):
        """What the judge found in the last round; a clean history is dropped."""
        known = len(self.judge.undecided)
        found, path = await self.judge.verdicts(), self.judge.path
        if found:
            self.say(f"{path.stem} by the judge:")
            self.report(found, history.read(path)[1])
        for one in self.judge.undecided[known:]:
            self.say(f"undecided {one}")
        if path and not (found or self.dirty or self.judge.undecided[known:]):
            path.unlink()

    def make_world(self, number):
        """Removes the last one's records, but for what says that the data is adopted. False where
        that was cut off: a set may elect once more after a fault's end.
        """
        with contextlib.suppress(PyMongoError):
            for name in WORLD_COLLECTIONS:
                self.system.stack.db[name].delete_many({})
            self.system.stack.db.meta.delete_many({"_id": {"$regex": "^reversal:"}})
            self.auditor = self.system.stack.user("admin", name="Auditor")
            self.fake.forget()
            rng = generator(self.given.seed, number, "world")
            self.world = world.World(self.system.stack, self.fake, rng)
            return True
        return False

    def snapshot(self):
        return snapshot.read(self.system.stack.mongo, self.system.stack.db.name)

    def reader(self, number):
        """Looks at the journal while the round runs."""
        db = self.system.stack.db
        return Reader(self.system.stack.mongo, db.name, f"{self.given.seed}-{number}")

    async def calls(self, number):
        """Calls, with faults meanwhile, until all is well again; the callers and the nemesis."""
        planned = plan(self.given.seed, number, self.faults, self.given.round, self.given.together)
        nemesis = Nemesis(self.system, planned, self.figures, self.threads)
        callers = Callers(
            self.http, self.system, self.world, nemesis, self.figures, self.given.often
        )
        self.figures.calls_begin()
        began, busy = time.monotonic(), time.process_time()
        with self.spending("calls"):
            await callers.run(self.given.callers, self.given.round, self.given.seed, number)
            await nemesis.over()
        seconds = time.monotonic() - began
        self.busy += time.process_time() - busy
        self.figures.calls_end()
        with self.spending("outcomes"):
            await callers.finish()
        return callers, nemesis, seconds

    async def rest(self, number):
        """The database when the service has done what it does by itself. Its sweep is waited for
        in the last round of a world, as that may take a minute; else one is run.
        """
        until = time.monotonic() + REST_WITHIN
        for look in itertools.count():
            after = await self.in_thread(self.snapshot)
            if not snapshot.undone(after) or time.monotonic() > until:
                return after
            await asyncio.sleep(0.5)
            if look and (number + 1) % WORLD_LASTS:
                await self.in_thread(self.sweep)

    def sweep(self):
        self.system.stack.ctl("sweep", env=world.settings(self.fake))

    # --- what came of it ---

    def compare(self, number, before, lines, after, reader):
        """With the rules, the journal and the service's audit; writes the history for the judge."""
        found = [Violation("difference", text, by="rules") for text in snapshot.undone(after)]
        rules.resolve(before, lines, after)
        found += rules.check(before, lines, after)
        written = commits(self.system.stack.mongo, self.system.stack.db.name, reader.place, after)
        places = {row["_id"]: place for place, rows in enumerate(written, 1) for row in rows}
        new = [
            {**row, "place": places.get(name, 0)}
            for name, row in after.ledger.items()
            if name not in before.ledger
        ]
        summary = {**snapshot.summary(after), "ledger": new}
        history.write(self.path(number), snapshot.summary(before), lines, summary)
        path = self.path(number).with_suffix(".adya")
        found += check_journal(self.judge.adya, reader, written, lines, summary, path)
        return [*found, *self.audit(), *self.unadopted()]

    def audit(self):
        answer = eventually(self.ask_audit, within=BACK_WITHIN)
        if answer["balanced"] and not answer["differences"]:
            return []
        return [Violation("difference", f"the audit says {json.dumps(answer)[:1500]}", by="books")]

    def ask_audit(self):
        answer = self.ask("GET", "/admin/audit")
        return answer.json() if answer and answer.status_code == 200 else None

    def ask(self, method, path):
        """An answer, if there is one that says something."""
        with contextlib.suppress(httpx.TransportError):
            answer = self.auditor.api.request(method, path)
            return None if answer.status_code in (502, 503, 504) else answer
        return None

    def unadopted(self):
        """A task that neither the service wrote nor adoption took in: nobody is refunded for it."""
        tasks = self.system.stack.db.tasks
        record = {"buyer_id": ObjectId(self.auditor.id), "status": "active", "payable_amount": 5}
        name = tasks.insert_one({**record, "required_workers": 1}).inserted_id
        try:
            status = eventually(lambda: self.ask_cancelled(name), within=BACK_WITHIN)
        finally:
            tasks.delete_one({"_id": name})
        if status == 409:
            return []
        text = f"cancelling a task that is not in the books is answered {status}"
        return [Violation("illegal", text, by="books")]

    def ask_cancelled(self, task):
        answer = self.ask("DELETE", f"/admin/tasks/{task}")
        return answer and answer.status_code

    def complaints(self):
        """What the provider was sent that it would not take."""
        told, self.fake.complaints = self.fake.complaints, []
        return [Violation("illegal", f"the provider complains: {one}") for one in told]

    def report(self, found, lines=()):
        self.violations += found
        by_number = {line["n"]: line for line in lines}
        for violation in found[:SHOWN]:
            self.say(f"  {violation}")
            for n in violation.operations[:SHOWN]:
                if n in by_number:
                    shown = {name: by_number[n][name] for name in FIELDS_SHOWN}
                    self.say(f"    {json.dumps(shown, default=str)[:1000]}")
        if len(found) > SHOWN:
            self.say(f"  … and {len(found) - SHOWN} more")

    def path(self, number):
        return self.histories / f"round-{number}.jsonl"
