"""The stack under test and the people who act on it.

scripts/test starts the stack once and passes on what its state's `env` file says. Without that
(BASE_URL unset) it is started here in a state of its own and stopped at the end, so a plain
`pytest tests/api` works as well.
"""

import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import httpx
import pymongo
import pytest
from bson import ObjectId

import promises
from browser import Browser
from client import (
    Api,
    client_from_another_address,
    eventually,
    http_client,
    make_user,
    now,
    ok,
    user_token,
)
from described import unadopted_data
from market import assert_counters

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.append(str(ROOT / "tests" / "torture"))  # for test_torture*.py
sys.path.append(str(ROOT / "bench"))  # for test_bench.py
import tour  # noqa: E402 what scripts/tour runs
# What the environment of the tests must not decide about a stack that a test starts for itself.
OF_THE_STACK = ("BASE_URL", "MONGODB_URI", "JWT_SECRET", "STATE")


def free_port():
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read_env(state):
    """DIR/env as a dictionary; it is written for the shell, so quotes are undone."""
    values = {}
    for word in shlex.split((pathlib.Path(state) / "env").read_text(), comments=True):
        name, equals, value = word.partition("=")
        if equals:
            values[name] = value
    return values


class Stack:
    """nginx, the workers and MongoDB, as one running state describes them."""

    def __init__(self, state):
        self.state = pathlib.Path(state)
        env = self.env()
        self.base_url = env["BASE_URL"]
        self.mongodb_uri = env["MONGODB_URI"]
        self.jwt_secret = env["JWT_SECRET"]
        self.http = http_client(self.base_url)
        self.mongo = pymongo.MongoClient(
            self.mongodb_uri, serverSelectionTimeoutMS=30000, socketTimeoutMS=60000
        )
        self.db = self.mongo.get_default_database()
        self.api = Api(self.http)

    def env(self):
        """What DIR/env says now: the pids in it change when a process is replaced."""
        return read_env(self.state)

    def worker_pids(self):
        return [int(pid) for pid in self.env()["PIDS_WORKERS"].split()]

    def mongod_pid(self):
        return int(self.env()["PID_MONGOD"])

    def worker_log(self):
        return "".join(
            pathlib.Path(path).read_text(errors="replace")
            for path in self.env()["LOG_WORKERS"].split()
        )

    def is_ready(self):
        try:
            return self.api.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def kill_workers(self):
        """All at once, wherever they are; returns when their successors are ready."""
        killed = self.worker_pids()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not set(self.worker_pids()) & set(killed))
        eventually(self.is_ready)

    def pause_mongod(self):
        os.kill(self.mongod_pid(), signal.SIGSTOP)

    def resume_mongod(self):
        os.kill(self.mongod_pid(), signal.SIGCONT)

    def fail_point(self, name, mode, **data):
        """Makes mongod misbehave; the stack is started with test commands for this."""
        self.mongo.admin.command(
            "configureFailPoint", name, mode=mode, **({"data": data} if data else {})
        )

    @contextlib.contextmanager
    def sweep_paused(self):
        """The stack's own sweep does nothing: what MongoDB holds up is what the test asked for."""
        sweep = int(self.env()["PID_SWEEP"])
        os.kill(sweep, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(sweep, signal.SIGCONT)

    def ctl_environment(self, env=None):
        environment = {
            name: value for name, value in os.environ.items() if name not in OF_THE_STACK
        }
        environment.update(
            MICROTASK_ENV="development",
            MONGODB_URI=self.mongodb_uri,
            JWT_SECRET=self.jwt_secret,
            MONGOC_DISABLE_SHM="1",
        )
        return environment | (env or {})

    def ctl(self, *arguments, env=None, stdin="", timeout=120):
        """Runs microtaskctl against this stack's database."""
        return subprocess.run(
            [self.env()["MICROTASKCTL"], *map(str, arguments)],
            env=self.ctl_environment(env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def user(self, role, coins=0, **fields):
        return make_user(self.db, self.http, self.jwt_secret, role, coins, **fields)

    def retire(self, *admins):
        """They are admins no more: what is told to every admin would be written to more and more."""
        ids = [ObjectId(admin.id) for admin in admins]
        self.db.users.update_many({"_id": {"$in": ids}}, {"$set": {"role": "worker"}})

    def token(self, user, **claims):
        """A further token of a user, signed here; a claim given as None is left out."""
        return user_token(self.jwt_secret, user.id, user.email, user.role, claims)

    def close(self):
        self.http.close()
        if (self.state / "env").exists():  # else there is no MongoDB to say goodbye to, for 10 s
            self.mongo.close()


def run_stack(state, *options, env=None, timeout=900):
    """scripts/run --detach on a free port; returns what it said, whether it worked or not."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_STACK}
    environment.update(env or {})
    if "--port" not in options:
        options = (*options, "--port", str(free_port()))
    return subprocess.run(
        [
            str(ROOT / "scripts" / "run"),
            "--detach",
            "--test-commands",
            "--state",
            str(state),
            *options,
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )


def stop_stack(state):
    return subprocess.run(
        [str(ROOT / "scripts" / "stop"), "--state", str(state)],
        capture_output=True,
        text=True,
        timeout=180,
    )


class own_stack:
    """A stack beside the shared one, with settings of its own: with own_stack(env={…}) as stack.

    state: its folder, where the test has made one ready; else it gets one of its own.
    """

    def __init__(self, *options, env=None, state=None):
        self.options, self.env, self.given = options, env, state

    def __enter__(self):
        self.state = self.given or tempfile.mkdtemp(prefix="microtask-tests-")
        started = run_stack(self.state, *self.options, env=self.env)
        if started.returncode != 0:
            stop_stack(self.state)
            pytest.fail(f"scripts/run failed:\n{started.stdout}", pytrace=False)
        self.stack = Stack(self.state)
        return self.stack

    def __exit__(self, *_):
        self.stack.close()
        stopped = stop_stack(self.state)
        if not self.given:
            shutil.rmtree(self.state, ignore_errors=True)
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr


# --- what ran: test_promises.py is the last, and compares ---


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == "test_promises.py")


def pytest_deselected(items):
    promises.ran.deselected = promises.ran.deselected or bool(items)


def pytest_runtest_logreport(report):
    promises.ran.note(report)


# --- the stack, and people ---


@pytest.fixture(scope="session")
def stack():
    if os.environ.get("BASE_URL"):
        stack = Stack(os.environ["STATE"])
        yield stack
        stack.close()
    else:
        with own_stack() as stack:
            yield stack


@pytest.fixture(scope="session")
def showcase():
    """A fresh stack with nothing but the demo data, on which the tour was played first.

    showcase.toured has what came of it, as scripts/tour writes it down.
    """
    with own_stack() as stack:
        stack.toured = tour.make(stack.base_url)
        yield stack


@pytest.fixture(scope="session")
def buggify_build():
    """The folder of programs that fail on purpose (src/base/buggify.h)."""
    folder = ROOT / "build-test-buggify"
    build = [ROOT / "scripts" / "build", folder, "--enable-buggify", "--enable-werror"]
    subprocess.run(build, check=True)
    return folder


@pytest.fixture(scope="session")
def one_browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(one_browser):
    """A browser (browser.py) with a new, empty window."""
    one_browser.fresh_window()
    return one_browser


@pytest.fixture(scope="session")
def db(stack):
    """The database: to arrange what no call can (a past deadline), and to see what was kept."""
    return stack.db


@pytest.fixture
def api(stack):
    """A client without a token: api.get("/tasks", token=…, params=…)."""
    return stack.api


@pytest.fixture
def from_elsewhere(stack):
    """from_elsewhere(): a client at another address."""
    made = []

    def make():
        made.append(client_from_another_address(stack))
        return made[-1]

    yield make
    for api in made:
        api.http.close()


@pytest.fixture
def new_worker(stack):
    """new_worker(coins=0) makes a worker who can act at once."""
    return lambda coins=0, **fields: stack.user("worker", coins, **fields)


@pytest.fixture
def new_buyer(stack):
    """new_buyer(coins=1000) makes a buyer who can act at once."""
    return lambda coins=None, **fields: stack.user(
        "buyer", 1000 if coins is None else coins, **fields
    )


@pytest.fixture
def new_admin(stack):
    """new_admin() makes an admin for the time of the test."""
    made = []

    def make(**fields):
        made.append(stack.user("admin", **fields))
        return made[-1]

    yield make
    stack.retire(*made)


@pytest.fixture
def admin(new_admin):
    return new_admin()


@pytest.fixture
def worker(new_worker):
    return new_worker()


@pytest.fixture
def buyer(new_buyer):
    return new_buyer()


@pytest.fixture
def token_for(stack):
    """token_for(user, exp=…): a token with claims of the test's choice."""
    return stack.token


@pytest.fixture
def books(stack):
    """Ends a test that moves coins with the audit: none appeared or vanished."""
    yield
    assert_balanced(stack)


@pytest.fixture
def counters(db):
    """Ends a test with a look at the counters that guard what users may do."""
    begun = now()
    yield
    assert_counters(db, begun)


def assert_balanced(stack):
    auditor = stack.user("admin")
    audit = ok(auditor.api.get("/admin/audit"))
    stack.retire(auditor)
    assert audit["differences"] == [], audit
    assert audit["balanced"] is True, audit
    held = audit["coins"] + audit["pending_coins"] + audit["escrow"]
    made = audit["opening"] + audit["bonuses"] + audit["purchases"] + audit["adjustments"]
    assert held == made - audit["payouts"] - audit["forfeits"] - audit["reversals"], audit


@pytest.fixture
def unadopted():
    """For tests that put records into the database which adoption would have mended."""
    with unadopted_data():
        yield


@pytest.fixture
def fresh_throttle(db):
    """Forgets failed logins before and after: all tests come from one address."""
    db.throttle.delete_many({})
    yield
    db.throttle.delete_many({})


@pytest.fixture
def mongod_paused(stack):
    """mongod_paused() stops mongod where it stands; at the end of the test it goes on."""
    yield stack.pause_mongod
    stack.resume_mongod()
