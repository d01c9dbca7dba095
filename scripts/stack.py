#!/usr/bin/python3
"""Runs the stack of one state: mongod, the sweep, the workers, nginx and the streams.

scripts/run calls this when packages, programs and mongod are there. Only Python's standard library.
"""
import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import random
import re
import secrets
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nginx_files
import pages
from supervisor import Child, Failed, Stopped, Supervisor

ROOT = pathlib.Path(__file__).resolve().parents[1]
DISK_MB = 500  # mongod refuses to start with less


def directory(text):
    if not text:
        raise argparse.ArgumentTypeError("a directory has a name")
    return pathlib.Path(text)


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Installs what is missing, builds, and runs the service on this machine. Ctrl-C stops it.",
        epilog="Settings such as MONGODB_URI, JWT_SECRET, CORS_ORIGINS or RATE_LIMIT are taken from the environment.",
    )
    parser.add_argument("--detach", action="store_true", help="return when the service is ready; scripts/stop ends it")
    parser.add_argument("--port", type=int, default=8443, metavar="N", help="of HTTPS (default 8443)")
    parser.add_argument("--state", type=directory, default=ROOT / ".run", metavar="DIR",
                        help="data, logs, sockets, certificate, configuration (default .run)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default 2)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads in each (default 32)")
    parser.add_argument("--no-demo", action="store_true", help="do not add the demo data")
    parser.add_argument("--test-commands", action="store_true", help="let tests make mongod fail (failpoints), and see who waits (debug logs)")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--launcher", help=argparse.SUPPRESS)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help=argparse.SUPPRESS)
    parser.add_argument("--mongod", help=argparse.SUPPRESS)
    parser.add_argument("--swagger-ui", type=pathlib.Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.state = given.state.absolute()
    return given


class Stack:
    def __init__(self, given):
        self.given = given
        self.state = given.state
        self.logs = self.state / "logs"
        self.sockets = [self.state / "sockets" / f"worker-{i + 1}.sock" for i in range(given.workers)]
        self.events_socket = self.state / "sockets" / "events.sock"
        self.base_url = f"https://127.0.0.1:{given.port}"
        self.detached = False

    def say(self, text):
        if not self.detached:
            print(text, flush=True)
        # A full disk must not keep us from stopping what runs.
        with contextlib.suppress(OSError), open(self.logs / "stack.log", "a") as log:
            log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {text}\n")

    # --- before anything is started ---

    def check(self):
        """What can be told at once: bad options, a taken port, a state in use, a full disk."""
        if self.given.workers not in range(1, 65):
            raise Failed("--workers must be between 1 and 64.")
        if self.given.port not in range(1, 65536):
            raise Failed("--port must be between 1 and 65535.")
        if not re.fullmatch(r"[\w./ +,@=-]+", str(self.state), re.ASCII):
            raise Failed(f"The path {self.state} has characters that nginx's configuration cannot hold.")
        if len(str(self.sockets[-1])) > 100:
            raise Failed(f"The path {self.state} is too long for Unix sockets; choose a shorter --state.")
        self.state.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.state).free // 2**20
        if free < DISK_MB:
            raise Failed(f"The disk of {self.state} is full: {free} MB are free, {DISK_MB} are needed.")
        self.lock = self.take_lock()
        if not port_is_free(self.given.port):
            raise Failed(f"Port {self.given.port} is taken; choose another with --port.")

    def take_lock(self):
        """One supervisor a state; the lock goes with its holder, however that ends."""
        lock = open(self.state / "lock", "a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"{self.state} is running already; scripts/stop --state {self.state} ends it.") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock

    def take_children_lock(self):
        """Every child holds this one: what a killed supervisor left must be gone before we begin."""
        lock = open(self.state / "children.lock", "a")
        for attempt in range(300):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                if attempt == 0:
                    self.say("Stack      waiting for the processes of an earlier run to end")
                time.sleep(0.1)
        raise Failed(f"Processes of an earlier run still use {self.state}; fuser {lock.name} names them.")

    def prepare(self):
        for name, mode in (("logs", 0o755), ("sockets", 0o755), ("run", 0o755), ("mongo", 0o700), ("tls", 0o700)):
            (self.state / name).mkdir(mode=mode, exist_ok=True)
        self.children_lock = self.take_children_lock()
        self.settings = self.read_settings()
        self.env = self.service_env()
        # Everybody knows the password of the demo accounts.
        self.demo = not self.given.no_demo and self.env["MICROTASK_ENV"] == "development"

    def read_settings(self):
        """What is chosen once a state and kept."""
        path = self.state / "settings.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        settings = {"jwt_secret": secrets.token_urlsafe(48), "mongo_port": free_port(), **kept}
        if settings != kept:
            write_atomically(path, json.dumps(settings), 0o600)
        return settings

    def service_env(self):
        env = {name: value for name, value in os.environ.items() if value}
        env.setdefault("MICROTASK_ENV", "development")
        development = env["MICROTASK_ENV"] == "development"
        env.setdefault("RATE_LIMIT", "0" if development else "500")
        if development:
            env.setdefault("REGISTER_LIMIT", "0")
        if self.given.test_commands:
            env.setdefault("MICROTASK_LOG_LEVEL", "debug")
        if self.given.threads is not None:
            env["MICROTASK_THREADS"] = str(self.given.threads)
        env.setdefault("MICROTASK_RUN_DIR", str(self.state / "run"))
        # Else libmongoc keeps counters in shared memory, which a killed process leaves behind, and which the
        # next one with its pid complains about.
        env.setdefault("MONGOC_DISABLE_SHM", "1")
        env.setdefault("JWT_SECRET", self.settings["jwt_secret"])
        port = self.settings["mongo_port"]
        env.setdefault("MONGODB_URI", f"mongodb://127.0.0.1:{port}/microtask?replicaSet=microtask")
        return env

    # --- starting ---

    def child(self, name, argv, log, **more):
        """Tests may have each program started by one of theirs, which is told the name and becomes the program."""
        env = more.pop("env", self.env)
        launched = [self.given.launcher, name, *argv] if self.given.launcher else argv
        return Child(name, [str(word) for word in launched], self.logs / log, env, lock=self.children_lock, **more)

    def server(self, name, argv, log, listener, **more):
        """A program that takes calls on a socket held here, and says when it does."""
        env = {**self.env, "NOTIFY_SOCKET": str(self.state / "sockets" / "notify")}
        return self.child(name, argv, log, env=env, listener=listener, notifies=True, **more)

    def tool(self, program, *arguments):
        """Runs a command of ours to its end."""
        self.supervisor.run_to_end(self.child(program, [self.given.build / program, *arguments], "setup.log"))

    def document(self):
        """The OpenAPI document of the programs as they are built now."""
        return subprocess.run([self.given.build / "microtaskctl", "openapi", "--server", f"{self.base_url}/api"],
                              capture_output=True, text=True, check=True).stdout

    def start(self):
        self.tool("microtaskd", "--check-config")
        nginx_files.write(ROOT / "conf", self.state, self.given.port, self.sockets,
                          self.events_socket, self.env)
        pages.write(ROOT, self.state, self.document(), self.given.swagger_ui, self.demo)
        self.make_certificate()
        if self.given.mongod:
            self.start_mongod()
        self.say("Database   preparing collections and indexes")
        self.tool("microtaskctl", "init-db")
        if self.demo:
            self.say("Database   making sure of the demo data")
            self.tool("microtaskctl", "seed-demo")
        self.start_sweep()
        self.start_workers()
        # Streams end before nginx does, or nginx would wait for them; readers that come early wait in the socket.
        events_listener = listen(self.events_socket)
        self.start_nginx()
        self.start_events(events_listener)

    def start_mongod(self):
        port = self.settings["mongo_port"]
        if not port_is_free(port):
            raise Failed(f"Port {port}, which the database of {self.state} uses, is taken by another program.")
        self.say(f"MongoDB    starting on port {port}")
        parameters = [
            "transactionLifetimeLimitSeconds=5",  # what a killed worker had locked is soon usable again
            "diagnosticDataCollectionEnabled=false",
            "shutdownTimeoutMillisForSignaledShutdown=100",  # there is no other member to wait for
            f"enableTestCommands={int(self.given.test_commands)}",
        ]
        # Its log of slow commands shows their documents, account numbers among them: nothing is that slow.
        argv = [self.given.mongod, "--quiet", "--slowms", "3600000", "--bind_ip", "127.0.0.1", "--port", port, "--nounixsocket",
                "--dbpath", self.state / "mongo", "--replSet", "microtask", "--oplogSize", "1024",
                "--wiredTigerCacheSizeGB", "0.5"]
        for parameter in parameters:
            argv += ["--setParameter", parameter]
        mongod = self.child("mongod", argv, "mongod.log", stop_seconds=30, orphan_signal=signal.SIGTERM)
        self.supervisor.start(mongod, lambda: self.is_writable(port), 60)

    def is_writable(self, port):
        """Whether the database takes writes. A new one is first made a replica set of one member."""
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return False  # it needs the processor itself, to come so far
        argv = [self.given.build / "microtaskctl", "init-set", "microtask", f"127.0.0.1:{port}"]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def start_sweep(self):
        argv = [self.given.build / "microtaskctl", "sweep", "--every", "30"]
        self.supervisor.start(self.child("sweep", argv, "sweep.log"))

    def start_workers(self):
        self.say(f"Workers    starting {self.given.workers}")
        for number, path in enumerate(self.sockets, 1):
            argv = [self.given.build / "microtaskd"]
            # Who waits to log in is served, as conf/systemd/microtaskd@.service allows for.
            self.supervisor.start(self.server(f"worker {number}", argv, "workers.log", listen(path), stop_seconds=15))

    def start_events(self, listener):
        self.say("Streams    starting")
        argv = [self.given.build / "microtask-events"]
        self.supervisor.start(self.server("events", argv, "events.log", listener, stop_seconds=10))

    def make_certificate(self):
        """A self-signed one, made once."""
        cert, key = self.state / "tls" / "cert.pem", self.state / "tls" / "key.pem"
        if cert.exists() and key.exists():
            return
        self.say("TLS        making a self-signed certificate")
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "825", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", str(key), "-out", str(cert)],
            capture_output=True, text=True, check=False,
        )
        if made.returncode != 0:
            raise Failed(f"openssl could not make a certificate: {made.stderr.strip().splitlines()[-1]}")

    def start_nginx(self):
        self.say(f"nginx      starting on port {self.given.port}")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        argv = [program, "-p", self.state / "nginx", "-c", self.state / "nginx" / "nginx.conf",
                "-e", self.logs / "nginx.log"]
        nginx = self.child("nginx", argv, "nginx.log", stop_signal=signal.SIGQUIT, stop_seconds=8,
                           orphan_signal=signal.SIGTERM)
        self.supervisor.start(nginx, self.is_ready, 30)
        self.end_cache_loader(nginx.pid)

    def end_cache_loader(self, nginx):
        """A minute after its start nginx would have a process read what was kept before, which is nothing, and end.
        Whoever counts what nginx costs by its processes is spared one that vanishes."""
        proc = pathlib.Path("/proc")
        for pid in (proc / f"{nginx}/task/{nginx}/children").read_text().split():
            if b"cache loader" in (proc / pid / "cmdline").read_bytes():
                os.kill(int(pid), signal.SIGTERM)

    def is_ready(self):
        """Whether the whole way works: through nginx and a worker to MongoDB."""
        trust = ssl.create_default_context(cafile=self.state / "tls" / "cert.pem")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=trust))
        try:
            with direct.open(f"{self.base_url}/api/health/ready", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    # --- running ---

    def write_env(self):
        """For tools that attach; anew whenever a pid changes."""
        pids = {child.name: child.pid for child in self.supervisor.children}
        workers = [str(pid) for name, pid in pids.items() if name.startswith("worker")]
        values = {
            "STATE": self.state,
            "BASE_URL": self.base_url,
            "MONGODB_URI": self.env["MONGODB_URI"],
            "JWT_SECRET": self.env["JWT_SECRET"],
            "MICROTASKCTL": self.given.build / "microtaskctl",
            **{f"LOG_{name.upper()}": self.logs / f"{name}.log"
               for name in ("stack", "setup", "mongod", "sweep", "workers", "events", "nginx")},
            "PID_STACK": os.getpid(),
            "PID_MONGOD": pids.get("mongod", ""),
            "PID_SWEEP": pids.get("sweep", ""),
            "PID_EVENTS": pids.get("events", ""),
            "PID_NGINX": pids.get("nginx", ""),
            "PIDS_WORKERS": " ".join(workers),
        }
        text = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())
        write_atomically(self.state / "env", text, 0o600)

    def reload(self):
        """Replaces workers, sweep and streams; scripts/reload waits for the outcome in a file."""
        self.supervisor.reload_asked = False
        reason = ""
        try:
            pages.write_document(self.state, self.document())
            for child in list(self.supervisor.children):
                if child.name.startswith(("worker", "sweep", "events")):
                    self.supervisor.replace(child)
            self.say("Workers    all replaced")
        except (Failed, OSError, subprocess.SubprocessError) as failure:
            reason = f"{failure}\n"
            self.say(f"Workers    not all replaced: {failure}")
        try:
            write_atomically(self.state / "reload", reason, 0o644)
        except OSError as failure:
            self.say(f"The state cannot be written: {failure.strerror}")

    def run(self, started):
        """Everything from the first check to the last stop; started() is called once it is ready."""
        self.check()
        self.prepare()
        self.supervisor = Supervisor(self.state / "sockets" / "notify", self.say, self.write_env)
        try:
            self.start()
            self.supervisor.was_ready = True
            self.welcome()
            started()
            while True:
                self.supervisor.pump()
                if self.supervisor.reload_asked:
                    self.reload()
        except Stopped:
            self.say("Stack      stopping")
        finally:
            self.supervisor.stop()
            (self.state / "env").unlink(missing_ok=True)

    def welcome(self):
        url = self.base_url
        demo, call = "", "register"
        body = {"name": "Ada", "email": "ada@example.com", "password": "engine-1843", "role": "worker"}
        if self.demo:
            demo = """
Demo accounts, all with the password demo-pass-1:
  worker@demo.example   buyer@demo.example   admin@demo.example
"""
            call, body = "login", {"email": "buyer@demo.example", "password": "demo-pass-1"}
        end = f"scripts/stop --state {shlex.quote(str(self.state))}" if self.given.detach else "Ctrl-C"
        print(f"""
Ready at {url} (self-signed certificate; {end} stops it)
{demo}
In a browser: {url}/ shows the open tasks, {url}/docs/ lets you try each call.
Try:
  curl -k {url}/api/health
  curl -k {url}/api/tasks
  curl -k {url}/api/auth/{call} -H 'Content-Type: application/json' -d '{json.dumps(body)}'
""", flush=True)


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
            return True
        except PermissionError:
            raise Failed(f"Port {port} may not be used by {os.environ.get('USER', 'this user')}.") from None
        except OSError:
            return False


def free_port():
    """One below those that outgoing connections get, or a later start might find it taken."""
    return next(port for port in random.sample(range(20000, 32000), 12000) if port_is_free(port))


def listen(path):
    """A program's listening socket, held here, so that no caller is refused while the program is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o660)
    listener.listen(16384)  # all who lost their streams come back at once; the system has a limit of its own
    return listener


def write_atomically(path, text, mode):
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT, mode), "w") as out:
        out.write(text)
    draft.rename(path)


def detach(stack):
    """Goes on in a child of its own session; the caller's process ends when that is ready or has failed."""
    receive, report = os.pipe()
    if os.fork() != 0:
        os.close(report)
        sys.exit(0 if os.read(receive, 1) == b"+" else 1)
    os.setsid()

    def started():
        stack.detached = True
        quiet = os.open(stack.logs / "stack.log", os.O_WRONLY | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os.write(report, b"+")
        os.close(report)

    return started


def main():
    stack = Stack(options())
    try:
        if stack.given.check:
            stack.check()
        else:
            stack.run(detach(stack) if stack.given.detach else lambda: None)
    except (Failed, ValueError) as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as failure:
        sys.exit(f"{failure.strerror}: {failure.filename or stack.state}")


if __name__ == "__main__":
    main()
