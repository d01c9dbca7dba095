"""The two commands: scripts/run and scripts/stop, on states of their own beside the shared one."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess

import httpx
import jwt
import pytest
from bson import ObjectId

from client import PASSWORD, assert_error, eventually, log_in, ok, user_token
from conftest import OF_THE_STACK, ROOT, free_port, own_stack, run_stack, stop_stack
from promises import promise
from streams import Reader

DEMO_PASSWORD = "demo-pass-1"
EARLIER_SECRETS = ["hunter2", "an earlier secret of more than 32 bytes"]


def pids_of(env):
    """Every process that DIR/env names."""
    return [
        int(pid) for name, value in env.items() if name.startswith("PID") for pid in value.split()
    ]


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def processes_of(state):
    """Processes whose command line or working directory is within a state."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(state) in words and is_alive(int(entry.name)):
                found.append(words.replace("\0", " "))
    return found


def assert_gone(pids, state):
    """The supervisor itself may need a moment from letting go of its lock to its end."""
    eventually(lambda: not any(map(is_alive, pids)), within=30)
    assert processes_of(state) == []


@pytest.fixture(scope="module")
def second():
    """A second stack, without demo data, which counts no failed logins and had other secrets."""
    settings = {"LOGIN_FAILURES": "0", "JWT_SECRET_PREVIOUS": ",".join(EARLIER_SECRETS)}
    with own_stack("--no-demo", env=settings) as stack:
        yield stack


# --- what a state says about itself ---


def test_env_holds_what_a_tool_needs_to_attach_and_a_shell_can_read_it(stack):
    env = stack.env()
    for name in (
        "BASE_URL",
        "MONGODB_URI",
        "JWT_SECRET",
        "LOG_WORKERS",
        "PIDS_WORKERS",
        "PID_MONGOD",
    ):
        assert env[name], name
    assert (
        env["MONGODB_URI"].split("?")[0].rsplit("/", 1)[1] == stack.db.name
    ), "with the database's name"
    assert all(is_alive(pid) for pid in pids_of(env)) and len(env["PIDS_WORKERS"].split()) == 2
    for name, path in env.items():
        if name.startswith("LOG_"):
            assert pathlib.Path(path).is_file(), name
    names = " ".join(f'"${name}"' for name in env)
    said = subprocess.run(
        ["sh", "-euc", f'. "$1"; printf "%s\\n" {names}', "sh", stack.state / "env"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == list(env.values())
    assert (stack.state / "env").stat().st_mode & 0o077 == 0, "it holds the secret"


def test_demo_data_is_there_with_an_account_of_each_role_and_is_believable(
    stack, api, fresh_throttle
):
    for role in ("worker", "buyer", "admin"):
        body = {"email": f"{role}@demo.example", "password": DEMO_PASSWORD}
        assert ok(api.post("/auth/login", json=body))["user"]["role"] == role
    assert stack.db.tasks.count_documents({}) >= 5
    assert stack.db.submissions.count_documents({"status": "approved"}) >= 1
    assert stack.db.submissions.count_documents({"status": "pending"}) >= 1


# --- beside one another ---


def test_two_states_run_side_by_side_and_share_nothing(stack, second):
    worker = second.user("worker")
    ok(worker.api.get("/auth/me"))
    assert second.db.users.count_documents({}) == 1, "--no-demo adds nobody"
    assert_error(stack.api.get("/auth/me", token=worker.token), 401, "unauthorized")
    ok(stack.api.get("/health/ready"))
    assert not set(pids_of(stack.env())) & set(pids_of(second.env()))


@promise("1 Limits", "0 = off")
def test_failed_logins_are_not_counted_where_that_is_off(second):
    worker = second.user("worker")
    for _ in range(11):
        wrong = {"email": worker.email, "password": "wrong horse 2"}
        assert_error(second.api.post("/auth/login", json=wrong), 401, "unauthorized")
    ok(second.api.post("/auth/login", json={"email": worker.email, "password": PASSWORD}))


@promise(
    "3 Tokens",
    "JWT_SECRET_PREVIOUS still verifies and never signs",
    "JWT_SECRET_PREVIOUS may be several, with commas; of any length, with a warning",
)
def test_earlier_secrets_verify_and_never_sign(second):
    """An old server's short secret, or one that was changed: nobody has to log in again."""
    worker = second.user("worker")
    names = (second.jwt_secret, *EARLIER_SECRETS)
    for secret in names:
        token = user_token(secret, worker.id, worker.email, worker.role)
        assert ok(second.api.get("/auth/me", token=token))["_id"] == worker.id
        with Reader(second.base_url, token=token) as reader:
            assert reader.status == 200
    for secret in ("hunter", ",".join(EARLIER_SECRETS), ""):
        token = user_token(secret, worker.id, worker.email, worker.role)
        assert_error(second.api.get("/auth/me", token=token), 401, "unauthorized")
    fresh = ok(log_in(second.api, worker.email))["token"]
    jwt.decode(fresh, second.jwt_secret, algorithms=["HS256"])
    for secret in EARLIER_SECRETS:
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(fresh, secret, algorithms=["HS256"])
    assert "JWT_SECRET_PREVIOUS: secret 1 has fewer than 32 bytes" in second.worker_log()
    assert "secret 2" not in second.worker_log() and "hunter2" not in second.worker_log()


@promise("9 GET /stats", "All computed from data, 0 where there is none")
def test_the_numbers_of_an_empty_market_are_0(second):
    """All are computed from data; a share of nothing, and growth from nothing, are no errors."""
    kept = list(second.db.users.find())
    second.db.users.delete_many({})
    admin = second.user("admin")
    try:
        said = ok(admin.api.get("/admin/stats"))
    finally:
        second.db.users.delete_one({"_id": ObjectId(admin.id)})
        for user in kept:
            second.db.users.insert_one(user)
    assert said.pop("totalAdmins") == 1
    assert len(said) == 16 and set(said.values()) == {0}, said


def test_a_worker_that_dies_is_started_again_and_env_says_so(second):
    before = second.worker_pids()
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(set(second.worker_pids()) - set(before)) == 1, within=60)
    assert before[1] in second.worker_pids()
    eventually(
        lambda: all(second.api.get("/health/ready").status_code == 200 for _ in range(10)),
        within=60,
    )


def workers_running(stack):
    """Those that exist, whatever env says."""
    said = subprocess.run(
        ["pgrep", "-x", "-P", stack.env()["PID_STACK"], "microtaskd"],
        capture_output=True,
        text=True,
    )
    return {int(pid) for pid in said.stdout.split()}


def test_workers_told_to_stop_while_they_are_replaced_leave_two_and_no_more(second):
    before = second.worker_pids()
    reload = subprocess.Popen(
        [ROOT / "scripts" / "reload", "--state", second.state], stdout=subprocess.DEVNULL
    )
    eventually(lambda: len(workers_running(second)) > len(before), within=30, every=0.005)
    for pid in before:
        with contextlib.suppress(ProcessLookupError):  # replaced already
            os.kill(pid, signal.SIGTERM)
    assert reload.wait(timeout=300) == 0
    eventually(lambda: answers(second), within=60)
    eventually(lambda: workers_running(second) == set(second.worker_pids()), within=60)
    assert len(second.worker_pids()) == len(before) and not set(before) & set(second.worker_pids())


def test_a_worker_that_is_killed_leaves_nothing_in_shared_memory(stack):
    """The next process with its pid would trip over it."""
    for pid in stack.worker_pids():
        assert "/dev/shm/mongoc" not in pathlib.Path(f"/proc/{pid}/maps").read_text()


@promise("1 Health", "Ready is 503 when the data is not adopted")
@promise("10 Collections", "`meta`")
def test_data_that_is_not_adopted_is_not_ready(second):
    """Without the marks that init-db leaves; the process itself is up."""
    marks = list(second.db.meta.find())
    second.db.meta.delete_many({})
    try:
        assert_error(second.api.get("/health/ready"), 503, "unavailable")
        ok(second.api.get("/health"))
    finally:
        second.db.meta.insert_many(marks)
    ok(second.api.get("/health/ready"))


# --- what cannot be started says why, in one sentence, and leaves nothing ---


def assert_refused(answer, state, *words):
    assert answer.returncode != 0
    sentence = answer.stdout.strip().splitlines()[-1]
    assert (
        re.search(r"[.!]$|ends it\.?$", sentence) and "Traceback" not in answer.stdout
    ), answer.stdout
    for word in words:
        assert word in sentence, sentence
    assert processes_of(state) == []
    assert not (state / "env").exists()


def test_a_taken_port(stack, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert_refused(run_stack(tmp_path, "--port", port), tmp_path, port, "taken")
    ok(stack.api.get("/health/ready"))


def test_a_state_that_runs_already(stack):
    again = run_stack(stack.state)
    assert again.returncode != 0
    assert "running already" in again.stdout.strip().splitlines()[-1]
    ok(stack.api.get("/health/ready"))


def test_a_standalone_mongodb(stack, tmp_path):
    program, port = os.readlink(f"/proc/{stack.mongod_pid()}/exe"), free_port()
    (tmp_path / "data").mkdir()
    standalone = subprocess.Popen(
        [
            program,
            "--dbpath",
            tmp_path / "data",
            "--port",
            str(port),
            "--bind_ip",
            "127.0.0.1",
            "--nounixsocket",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        state = tmp_path / "state"
        answer = run_stack(state, env={"MONGODB_URI": f"mongodb://127.0.0.1:{port}/microtask"})
        assert_refused(answer, state, "replica set")
    finally:
        standalone.kill()
        standalone.wait()


@pytest.mark.parametrize(
    "setting, words",
    [
        ({"JWT_SECRET": "too short"}, ["JWT_SECRET", "32"]),
        ({"MICROTASK_THREADS": "0"}, ["MICROTASK_THREADS"]),
        ({"MICROTASK_TREADS": "8"}, ["MICROTASK_TREADS"]),
        ({"REVIEW_DAYS": "soon"}, ["REVIEW_DAYS"]),
    ],
)
def test_a_wrong_setting(tmp_path, setting, words):
    assert_refused(run_stack(tmp_path, env=setting), tmp_path, *words)


# --- stop and go ---


def test_stop_ends_all_and_nothing_else_and_a_second_run_has_its_data_and_makes_nothing_anew(
    stack, second
):
    worker = second.user("worker", 5)
    state, port = second.state, second.base_url.rsplit(":", 1)[1]

    before = pids_of(second.env())
    stopped = stop_stack(state)
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert_gone(before, state)
    log = (state / "logs" / "stack.log").read_text()
    assert "killed it" not in log, "each ends by itself in its time"
    assert not (state / "env").exists()
    assert stop_stack(state).returncode == 0, "stopping what is stopped is no mistake"
    assert all(is_alive(pid) for pid in pids_of(stack.env()))

    # In the foreground this time, to be ended by Ctrl-C.
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_STACK}
    run = subprocess.Popen(
        [
            ROOT / "scripts" / "run",
            "--no-demo",
            "--test-commands",
            "--state",
            state,
            "--port",
            port,
        ],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        eventually(
            lambda: run.poll() is not None
            or (state / "env").exists()
            and second.env().get("PID_NGINX"),
            within=120,
        )
        eventually(lambda: answers(second), within=60)
        assert ok(worker.api.get("/auth/me"))["coins"] == 5, "data and secret are kept"
        before = pids_of(second.env())
    finally:
        os.killpg(run.pid, signal.SIGINT)
        said, _ = run.communicate(timeout=300)
    assert "Build " not in said and "TLS " not in said, said
    assert "demo-pass-1" not in said, "no accounts are told that are not there"
    assert_gone(before, state)
    assert all(is_alive(pid) for pid in pids_of(stack.env()))
    assert (
        f"https://127.0.0.1:{port}" in said and said.count("curl ") == 3
    ), "the address and three lines to try"


def answers(stack):
    try:
        return stack.api.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False
