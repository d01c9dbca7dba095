"""What a fault is, and the system that it strikes."""

import contextlib
import dataclasses
import os
import pathlib
import random
import typing


@dataclasses.dataclass
class System:
    """The system under test: what callers load and faults strike."""

    stack: typing.Any  # conftest.Stack
    members: typing.Any  # replica_set.ReplicaSet, or None where the stack has its own one mongod
    folder: pathlib.Path  # for files of the faults; gone when all is over
    build: pathlib.Path  # of the programs under test
    note: typing.Callable[[str], None]  # takes a sentence about what happens
    url: str = ""  # whom callers call

    def __post_init__(self):
        self.url = self.url or self.stack.base_url


@dataclasses.dataclass(frozen=True)
class Fault:
    """A kind of trouble. begin() makes it and returns what ends it, which also puts back whatever
    was changed; None where it is over at once. Both block, and are called in threads.
    """

    name: str
    doc: str
    begin: typing.Callable[[System, random.Random], typing.Callable[[], None] | None]
    needs: str = "any"  # "one": the stack's own mongod; "three": a replica set of three members
    lasts: tuple[float, float] = (0, 0)  # seconds between begin and end: at least, at most
    root: bool = False
    holds: str = ""  # two that hold the same ("odd worker") do not last at the same time
    place: str = ""  # a folder of the state that stands on a file system of its own: "logs"
    network: bool = False  # members must live in namespaces, so that they can be cut off
    wires: bool = False  # the service must come to the members through proxies
    buggify: bool = False  # the programs must be of a build that fails on purpose
    prepare: typing.Callable[[], None] = lambda: None  # what takes long, before the stack starts
    lacks: typing.Callable[[], str] = lambda: ""  # why it cannot be had on this machine

    def cannot(self, three, build):
        """Why it cannot be had on a stack with three members or one; empty: it can."""
        if self.buggify and not fails_on_purpose(build / "microtaskd"):
            return "needs a build with --enable-buggify"
        if self.needs == "three" and not three:
            return "needs three members"
        if self.needs == "one" and three:
            return "needs the stack's own mongod"
        if self.root and os.geteuid() != 0:
            return "needs root"
        return self.lacks()


def begun(context):
    """Enters a context; returns what leaves it, as begin() does."""
    entered = contextlib.ExitStack()
    entered.enter_context(context)
    return entered.close


def fails_on_purpose(program):
    """Whether it knows the settings of such a build."""
    return program.exists() and b"BUGGIFY_CHANCE" in program.read_bytes()
