"""Who is measured. Each works on a database of its own of the same mongod, behind an nginx of its own with TLS.

A contender is made when it is named, and started when its database is filled.
"""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal

import pymongo

from processes import HERE, ROOT, Failed, answers, run, start, stop, wait_until, with_children

SECRET = "the-secret-of-the-bench-with-32-bytes-and-more"
UP, DOWN = pymongo.ASCENDING, pymongo.DESCENDING


class Contender:
    """Has a name, a port for HTTPS and the one above it; what differs stands in the classes below."""

    def __init__(self, bed, name, port):
        self.bed, self.name, self.port = bed, name, port
        self.state = bed.state / name
        self.db = bed.mongod.client[f"bench_{name}"]
        self.base_url = f"https://127.0.0.1:{port}"
        self.children = []

    def build(self):
        """Makes its programs."""

    def prepare(self):
        """Once its database is filled."""

    def rest(self, on):
        """While others are measured, nothing of this one may make mongod work."""

    def check(self):
        """Fails where its records contradict each other; only ours can tell."""

    def env(self):
        ours = {"MONGODB_URI": self.bed.mongod.uri(self.db.name), "MONGODB_DB": self.db.name, "JWT_SECRET": SECRET}
        return {**os.environ, **ours, "NODE_ENV": "production", "PORT": str(self.port + 1)}

    def start(self):
        self.state.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.launch()
        wait_until(lambda: self.alive() and answers(f"{self.base_url}/api/health"), f"Starting {self.name}")

    def alive(self):
        for child in self.children:
            if not child.alive():
                raise Failed(f"{child.name} of {self.name} {child.how_it_ended()}: {child.last_words()}")
        return True

    def stop(self):
        for child in reversed(self.children):
            stop(child)
        self.children = []

    def keep_answers(self, on):
        """Whether nginx may keep anonymous answers for a second, as its file has it."""
        conf, was = self.nginx_conf(), self.nginx_workers()
        self.shipped = getattr(self, "shipped", conf.read_text())
        without = re.sub(r"\b(proxy|fastcgi)_cache +[$\w]+;", r"\1_cache off;", self.shipped)
        wanted = self.shipped if on else without
        if conf.read_text() != wanted:
            conf.write_text(wanted)
            os.kill(self.nginx_pid(), signal.SIGHUP)
            replaced = lambda now: now and not set(was) & set(now)
            wait_until(lambda: replaced(self.nginx_workers()), f"A reload of the nginx of {self.name}")

    def nginx_workers(self):
        """Without those that look after its cache, which come and go."""
        words = lambda pid: pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        return [pid for pid in with_children(self.nginx_pid()) if "worker process" in words(pid)]


class Ours(Contender):
    """This repository, started by its own scripts/run: this checkout, another one, or one of its commits."""

    def __init__(self, bed, name, port, checkout=ROOT):
        super().__init__(bed, name, port)
        folder = pathlib.Path(checkout).absolute()
        self.checkout = folder if (folder / "scripts" / "run").exists() else self.check_out(checkout)

    def check_out(self, commit):
        """A copy of its files, kept for the next time."""
        sha = run(["git", "-C", ROOT, "rev-parse", "--verify", f"{commit}^{{commit}}"])
        tree = self.bed.state / "trees" / sha
        if not tree.exists():
            half = tree.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            archive = half.with_suffix(".tar")
            run(["git", "-C", ROOT, "archive", "-o", archive, sha])
            run(["tar", "-xf", archive, "-C", half])
            archive.unlink()
            half.rename(tree)
        return tree

    def build(self):
        run([self.checkout / "scripts" / "build"])

    def version(self):
        return run([self.checkout / "build" / "microtaskd", "--version"])

    def launch(self):
        argv = [self.checkout / "scripts" / "run", "--no-demo", "--state", self.state, "--port", self.port]
        env = self.env() | {"RATE_LIMIT": "0", "REGISTER_LIMIT": "0"}
        env.pop("BUILD_DIR", None)
        self.children = [start("scripts/run", argv, self.bed.state / f"{self.name}.log", env, stop_seconds=60)]
        wait_until(lambda: self.alive() and answers(f"{self.base_url}/api/health/ready"), f"Starting {self.name}")
        wait_until(lambda: self.alive() and self.told("PID_EVENTS"), f"Starting {self.name}")  # the last

    def rest(self, on):
        """The sweep and the streams, whose change stream makes mongod look at what the others write, too."""
        for name in ("PID_SWEEP", "PID_EVENTS"):
            if pid := self.told(name):
                os.kill(int(pid), signal.SIGSTOP if on else signal.SIGCONT)

    def stop(self):
        with contextlib.suppress(OSError):  # it may have ended already
            self.rest(False)
        super().stop()

    def check(self):
        """Whether every coin is where the journal has it."""
        run([self.checkout / "build" / "microtaskctl", "audit"], env=self.env())

    def told(self, name):
        """What the running state says of itself."""
        words = shlex.split((self.state / "env").read_text())
        return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))

    def app_pids(self):
        return [int(pid) for pid in self.told("PIDS_WORKERS").split()]

    def nginx_pid(self):
        return int(self.told("PID_NGINX"))

    def nginx_conf(self):
        return self.state / "nginx" / "nginx.conf"


class Peer(Contender):
    """Another server with the same calls, behind the nginx of peers/nginx.conf.in."""

    def prepare(self):
        """The indexes that its queries want, but those that are there."""
        newest = [("createdAt", DOWN), ("_id", DOWN)]
        self.db.users.create_index("email", unique=True)
        self.db.tasks.create_index([("status", UP), *newest, ("required_workers", UP), ("completion_date", UP)])
        self.db.submissions.create_index([("worker_id", UP), ("task_id", UP)], unique=True)
        self.db.submissions.create_index([("worker_id", UP), *newest])
        self.db.submissions.create_index([("task_id", UP), ("status", UP)])
        self.db.notifications.create_index([("user_id", UP), *newest])
        self.db.notifications.create_index([("user_id", UP), ("isRead", UP), ("archived", UP)])
        self.db.ledger.create_index([("to", UP), ("at", DOWN)])
        self.db.ledger.create_index([("from", UP), ("at", DOWN)])
        self.db.keys.create_index("at", expireAfterSeconds=86400)

    def launch(self):
        words = {"PORT": self.port, "PEER": self.port + 1, "STATE": self.state}
        words["USER"] = "user root;" if os.geteuid() == 0 else ""
        text = (HERE / "peers" / "nginx.conf.in").read_text()
        self.nginx_conf().write_text(re.sub("@([A-Z]+)@", lambda found: str(words[found[1]]), text))
        sign = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
        run([*sign.split(), "-keyout", self.state / "key.pem", "-out", self.state / "cert.pem"])
        nginx = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", self.nginx_conf(), "-e", self.state / "nginx.log"]
        self.children = [
            start("the server", self.argv(), self.bed.state / f"{self.name}.log", self.env()),
            start("nginx", nginx, self.state / "nginx.log", os.environ),
        ]

    def app_pids(self):
        return with_children(self.children[0].pid)

    def nginx_pid(self):
        return self.children[1].pid

    def nginx_conf(self):
        return self.state / "nginx.conf"


class Go(Peer):
    """net/http with the official driver, one process for all cores."""

    def build(self):
        self.go = pathlib.Path(run([HERE / "toolchain", "go"])) / "go"
        run([self.go, "build", "-o", self.bed.state / "go-peer", "."], cwd=HERE / "peers" / "go")

    def version(self):
        return run([self.go, "env", "GOVERSION"])

    def argv(self):
        return [self.bed.state / "go-peer"]


class Node(Peer):
    """A server of Node's packages, which are installed into a copy: the tree stays as it is."""

    def install(self, source, ignored=()):
        self.node = pathlib.Path(run([HERE / "toolchain", "node"]))
        self.copy = self.bed.state / f"{self.name}-copy"
        shutil.copytree(source, self.copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules", *ignored))
        env = os.environ | {"PATH": f"{self.node}:{os.environ['PATH']}"}
        run(["npm", "ci", "--omit=dev", "--no-audit", "--no-fund"], cwd=self.copy, env=env)

    def version(self):
        return "Node " + run([self.node / "node", "--version"])

    def argv(self):
        return [self.node / "node", self.copy / self.main]


class Fastify(Node):
    """Two processes, as there are two workers of ours."""

    main = "server.js"

    def build(self):
        self.install(HERE / "peers" / "fastify")

    def env(self):
        return super().env() | {"PROCS": "2"}


class Old(Node):
    """The Express server whose place ours takes, from a checkout of it: as it is, but for its rate limit. It does not
    know Idempotency-Key, transactions, or indexes but one.
    """

    main = "index.js"

    def build(self):
        self.install(self.bed.given.old, (".git",))
        main = self.copy / self.main
        main.write_text(re.sub(r"\bmax: *\d+", "max: 1000000000", main.read_text()))

    def prepare(self):
        self.db.users.create_index("email", unique=True)


KINDS = {"ours": Ours, "go": Go, "fastify": Fastify, "old": Old}
