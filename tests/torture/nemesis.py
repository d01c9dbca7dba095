"""The nemesis, as Jepsen calls what makes trouble while clients work: it begins each planned fault
of a round at its operation, in a thread, and ends it whatever happens.
"""

import asyncio
import collections
import random

from history import Violation


class Nemesis:
    """reach(n) begins what is due; over() waits for the ends of all."""

    def __init__(self, system, planned, figures, threads):
        self.system, self.figures, self.threads = system, figures, threads
        self.planned, self.coming = planned, collections.deque(planned)
        self.begun, self.violations = [], []
        self.held = collections.defaultdict(asyncio.Lock)

    def reach(self, n):
        while self.coming and self.coming[0].n <= n:
            self.begun.append(asyncio.create_task(self.happen(self.coming.popleft())))

    @property
    def lasting(self):
        return bool(self.coming) or not all(task.done() for task in self.begun)

    async def over(self):
        await asyncio.gather(*self.begun)

    async def happen(self, planned):
        fault = planned.fault
        async with self.held[fault.holds or fault.name]:
            self.figures.begin(fault.name)
            try:
                await self.last(fault, planned)
            except Exception as failure:  # noqa: B902 - whatever it is, the other faults go on
                self.violations.append(Violation("illegal", f"{fault.name}: {failure!r}"))
            finally:
                self.figures.end(fault.name)

    async def last(self, fault, planned):
        end = await self.in_thread(fault.begin, self.system, random.Random(planned.seed))
        try:
            await asyncio.sleep(planned.seconds if end else 0)
        finally:
            if end:
                await self.in_thread(end)

    def in_thread(self, function, *arguments):
        return asyncio.get_running_loop().run_in_executor(self.threads, function, *arguments)
