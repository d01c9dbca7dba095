"""Programs that the bench runs: to their end, or beside it, mongod among them. None outlives it."""

import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request

import pymongo

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "scripts"))
from stack import port_is_free  # noqa: E402
from supervisor import Child, Failed  # noqa: E402

STARTED_WITHIN = 3600  # s; indexes of ten million records are made


def wait_until(true, what, seconds=STARTED_WITHIN):
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Failed(f"{what} took more than {seconds} s.")
        time.sleep(0.1)


def direct():
    """Opens addresses of this machine, whose certificates nobody signed."""
    trust = ssl._create_unverified_context()
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))


def answers(url):
    try:
        with direct().open(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def run(argv, **more):
    """A command to its end; what it says is told only if it fails."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(map(str, argv))}: {(done.stderr or done.stdout).strip()[-800:]}")
    return done.stdout.strip()


def with_children(pid):
    """The process and all below it."""
    found = [pid]
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found += with_children(int(child))
    return found


class Mongod:
    """One member, as production would not have it, and as all contenders have it."""

    def __init__(self, state, port, cache_gb):
        if not port_is_free(port):
            raise Failed(f"Port {port} is taken; choose others with --port.")
        shutil.rmtree(state / "mongo", ignore_errors=True)
        (state / "mongo").mkdir()
        self.host = f"127.0.0.1:{port}"
        argv = [run([ROOT / "scripts" / "mongod"]), "--quiet", "--bind_ip", "127.0.0.1", "--port", port]
        argv += ["--nounixsocket", "--dbpath", state / "mongo", "--replSet", "bench", "--slowms", 3600000]
        argv += ["--wiredTigerCacheSizeGB", cache_gb, "--oplogSize", 1024]
        for parameter in (
            "diagnosticDataCollectionEnabled=false",
            "shutdownTimeoutMillisForSignaledShutdown=100",
            "transactionLifetimeLimitSeconds=5",
        ):
            argv += ["--setParameter", parameter]
        self.child = start("mongod", argv, state / "mongod.log", os.environ, stop_seconds=60)
        alone = pymongo.MongoClient(self.host, directConnection=True, serverSelectionTimeoutMS=60000)
        alone.admin.command("replSetInitiate", {"_id": "bench", "members": [{"_id": 0, "host": self.host}]})
        alone.close()
        self.client = pymongo.MongoClient(self.uri("admin"))
        wait_until(lambda: self.client.admin.command("hello")["isWritablePrimary"], "Becoming primary")

    def uri(self, database):
        return f"mongodb://{self.host}/{database}?replicaSet=bench"

    def pids(self):
        return [self.child.pid]

    def stop(self):
        self.client.close()
        stop(self.child)


def start(name, argv, log, env, **more):
    child = Child(name, [str(word) for word in argv], log, dict(env), orphan_signal=signal.SIGTERM, **more)
    child.start()
    return child


def stop(child):
    if child.alive():
        child.send(child.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(child.stop_seconds)
    child.kill_group()
