"""A real replica set of three members on this machine, and a stack that works on it.

    with ReplicaSet() as members, members.stack("?w=1") as stack:
        with members.secondaries_stopped():
            stack.api.post(…)

Failures are made on the members themselves: processes stopped and let go on, secondaries that lag,
a primary that steps down, commands that fail. With ReplicaSet(network=True) each member lives in a
network namespace, and what goes between two of them, or between one and this machine, can be cut;
with ReplicaSet(wires=True) the service's connections go through proxies that can lose messages.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import pymongo
from pymongo.errors import PyMongoError

import children
from client import eventually
from conftest import ROOT, free_port, own_stack
from mongo_proxy import MongoProxy
from namespaces import HERE, Network, both_ways

NAME = "three"
FOLDER = "microtask-set-"  # then whose it is, by its process
LONG_MS = 3600 * 1000
CONNECTIONS = 600  # that a member takes
STARTED_WITHIN = 60  # s; a busy machine takes its time


class Member:
    """One mongod. `direct` talks to it alone, whatever its part in the set is, and by a socket that
    no network comes between.
    """

    def __init__(self, program, folder, number, network=None):
        self.number = number
        self.inside = network.inside(number) if network else []
        self.address = network.address(number) if network else "127.0.0.1"
        self.port = free_port()
        self.folder = folder / f"member-{number}"
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.program = program
        self.process = None
        self.starting = threading.Lock()
        self.misbehaves = {}  # the fail points that are on, each with its mark
        self.owed = set()  # fail points to be switched off as soon as it can be told
        self.direct = self.client(10000, 30000)
        self.asked = self.client(2000, 3000)  # what it is; one that stands still is not waited for
        self.start()

    def client(self, found_within_ms, answer_within_ms):
        return pymongo.MongoClient(
            str(self.folder / f"mongodb-{self.port}.sock"),
            directConnection=True,
            serverSelectionTimeoutMS=found_within_ms,
            socketTimeoutMS=answer_within_ms,
        )

    @property
    def host(self):
        return f"{self.address}:{self.port}"

    def start(self):
        """Unless it runs."""
        parameters = {
            "transactionLifetimeLimitSeconds": 5,
            "diagnosticDataCollectionEnabled": "false",
            "enableTestCommands": 1,
            "shutdownTimeoutMillisForSignaledShutdown": 100,
            "maxLogSizeKB": 1000,  # or the log would cut commands short
        }
        argv = [*self.inside, self.program, "--quiet", "--port", self.port]
        argv += ["--bind_ip", self.address, "--unixSocketPrefix", self.folder]
        argv += ["--dbpath", self.folder, "--replSet", NAME, "--maxConns", CONNECTIONS]
        argv += ["--oplogSize", 128, "--wiredTigerCacheSizeGB", 0.25, "--slowms", LONG_MS]
        for name, value in parameters.items():
            argv += ["--setParameter", f"{name}={value}"]
        with open(self.log, "ab") as log, self.starting:
            if self.process is None or self.process.poll() is not None:
                self.process = children.start(argv, stdout=log, stderr=log)
                self.owed.clear()

    def stop(self):
        """It stands still: nothing is answered, and connections stay."""
        self.process.send_signal(signal.SIGSTOP)
        eventually(lambda: is_stopped(self))

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)
        while self.owed and not is_stopped(self):
            self.switch_off(self.owed.pop())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if not is_stopped(self):
            self.direct.close()
            self.asked.close()
        self.kill()

    def command(self, *arguments, **more):
        return self.direct.admin.command(*arguments, **more)

    def fail_point(self, name, mode, **data):
        self.command("configureFailPoint", name, mode=mode, **({"data": data} if data else {}))

    def misbehave(self, name, mode, **data):
        """A fail point until behave(name) with the mark that this returns; the last one counts."""
        self.misbehaves[name] = mark = object()
        if not is_stopped(self):
            with contextlib.suppress(PyMongoError):
                self.fail_point(name, mode, **data)
        return mark

    def behave(self, name, mark):
        """Whatever has become of the member meanwhile: a dead one forgets, one that stands still is
        told when it goes on.
        """
        if self.misbehaves.get(name) is mark:
            del self.misbehaves[name]
            self.switch_off(name)

    def switch_off(self, name):
        try:
            assert not is_stopped(self)
            self.fail_point(name, "off")
        except (AssertionError, PyMongoError):
            self.owed.add(name)

    def said_since(self, offset):
        """What it logged behind that place of its log, a dictionary a line."""
        with open(self.log, "rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


class Command:
    """A command that the service sent, as the member that ran it logged it."""

    def __init__(self, member, document):
        self.member, self.document = member, document
        self.name = next(iter(document))

    @property
    def in_transaction(self):
        return self.document.get("autocommit") is False

    def __repr__(self):
        return f"{self.member.host}: {json.dumps(self.document)[:600]}"


class ReplicaSet:
    """network: members live in namespaces, for cut(). wires: the service comes through proxies,
    `proxy` tells what they do.
    """

    def __init__(self, network=False, wires=False):
        self.network = Network(3) if network else None
        self.wires, self.proxy = wires, None

    def __enter__(self):
        found = subprocess.run([ROOT / "scripts" / "mongod"], capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        self.members, self.mongo = [], None
        with contextlib.ExitStack() as made:
            remove_left()
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-"))
            made.callback(shutil.rmtree, self.folder, ignore_errors=True)
            if self.network:
                made.enter_context(self.network)
            made.callback(self.close_members)
            for number in range(1, 4):
                self.members.append(
                    Member(found.stdout.strip(), self.folder, number, self.network)
                )
            self.initiate()
            if self.wires:
                hosts = [member.host for member in self.members]
                self.proxy = made.enter_context(MongoProxy(*hosts))
            self.made = made.pop_all()
        return self

    def __exit__(self, *_):
        self.made.close()

    def close_members(self):
        """Whatever state they are in. Clients say goodbye, and would wait for the killed."""
        if self.mongo and not any(map(is_stopped, self.members)):
            self.mongo.close()
        for member in self.members:
            member.close()

    def initiate(self):
        members = [{"_id": at, "host": member.host} for at, member in enumerate(self.members)]
        eventually(lambda: all(map(self.hello, self.members)), within=STARTED_WITHIN)
        # A secondary that follows another one would lag with it.
        settings = {"chainingAllowed": False}
        self.members[0].command(
            "replSetInitiate", {"_id": NAME, "members": members, "settings": settings}
        )
        self.primary()
        self.mongo = self.client()
        self.settle()

    def uri(self, options="", database="microtask", hosts=None):
        """The set's address. options: as in a URI, "w=1&…"; all members are named."""
        hosts = ",".join(hosts or [member.host for member in self.members])
        return f"mongodb://{hosts}/{database}?replicaSet={NAME}{'&' if options else ''}{options}"

    def client(self):
        return pymongo.MongoClient(self.uri(), w="majority", serverSelectionTimeoutMS=30000)

    # --- who is what ---

    def hello(self, member):
        with contextlib.suppress(PyMongoError):
            return member.asked.admin.command("hello")
        return {}

    def primary(self, within=60):
        """The member that takes writes, waited for. One that was cut off may still say it does."""

        def found():
            said = {m: self.hello(m) for m in self.members if not is_stopped(m)}
            said = {m: hello for m, hello in said.items() if hello.get("isWritablePrimary")}
            return max(said, key=lambda m: said[m]["electionId"], default=None)

        return eventually(found, within=within, every=0.1)

    def secondaries(self):
        primary = self.primary()
        return [member for member in self.members if member is not primary]

    def settle(self):
        """Until there is a primary and both others follow it closely."""
        self.primary()

        def follow():
            with contextlib.suppress(PyMongoError):
                self.mongo.admin.command("ping")
                marks = self.mongo.microtask_tests.marks.with_options(
                    write_concern=pymongo.WriteConcern(w=3, wtimeout=2000)
                )
                marks.update_one({"_id": 1}, {"$inc": {"n": 1}}, upsert=True)
                return True

        eventually(follow, within=60, every=0.2)

    # --- what happens to it ---

    @contextlib.contextmanager
    def secondaries_stopped(self):
        """No majority confirms anything; after ten seconds the primary is none any more."""
        stopped = self.secondaries()
        for member in stopped:
            member.stop()
        try:
            yield stopped
        finally:
            for member in stopped:
                member.go_on()
            self.settle()

    @contextlib.contextmanager
    def lagging(self, *members):
        """They answer, and hear of no write meanwhile."""
        for member in members:
            member.fail_point("stopReplProducer", "alwaysOn")
        try:
            yield
        finally:
            for member in members:
                member.fail_point("stopReplProducer", "off")
            self.settle()

    def cut(self, *pairs):
        """with members.cut((member, other), (other, HERE)): nothing goes from the first of a pair
        to the second, and nobody is told. HERE: this machine, where the service is.
        """
        numbers = [[getattr(end, "number", end) for end in pair] for pair in pairs]
        return self.network.cut(*map(tuple, numbers))

    def cut_off(self, member, also_from_here=False):
        """with members.cut_off(member): it and the others do not hear each other."""
        others = [one for one in self.members if one is not member]
        others += [HERE] if also_from_here else []
        return self.cut(*both_ways(*((member, other) for other in others)))

    def rollbacks(self, member):
        """How often it has taken back writes that others never had."""
        return member.command("replSetGetRBID")["rbid"]

    def step_down(self, seconds=5):
        """As for a planned maintenance: another member is elected at once."""
        primary = self.primary()
        primary.command("replSetStepDown", seconds, secondaryCatchUpPeriodSecs=3)
        return primary

    # --- what was asked of it ---

    @contextlib.contextmanager
    def recorded(self):
        """with members.recorded() as commands: …, and then commands() lists what the service has
        asked of any member since, in no order.
        """
        starts = {}
        for member in self.members:
            member.command("profile", 0, slowms=-1)
            starts[member] = member.log.stat().st_size

        def commands():
            return [
                Command(member, line["attr"]["command"])
                for member, start in starts.items()
                for line in member.said_since(start)
                if line.get("msg") == "Slow query"
                and line["attr"].get("appName") == "microtask"
                and line["attr"].get("type") == "command"
                and line["attr"].get("command")
            ]

        try:
            yield commands
        finally:
            for member in self.members:
                member.command("profile", 0, slowms=LONG_MS)

    # --- the service on it ---

    @contextlib.contextmanager
    def stack(self, uri_options="", *options, database="microtask", env=None, state=None):
        """A stack of its own on the set: stack.db reads from the primary and writes to a majority,
        whatever the URI that the service gets.
        """
        uri = self.uri(uri_options, database, self.proxy and self.proxy.addresses)
        with own_stack(*options, env={"MONGODB_URI": uri, **(env or {})}, state=state) as stack:
            stack.mongo.close()
            stack.mongo = self.client()
            stack.db = stack.mongo[database]
            yield stack


def remove_left():
    """Folders of sets whose tests were killed; the members died with them."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        owner = folder.name[len(FOLDER) :].split("-")[0]
        if owner.isdigit() and not pathlib.Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def is_stopped(member):
    """Whether the process stands still, or is gone."""
    with contextlib.suppress(OSError):
        state = pathlib.Path(f"/proc/{member.process.pid}/stat").read_text().rsplit(")", 1)[1]
        return state.split()[0] in "TZ"
    return True
