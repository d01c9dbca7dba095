"""A network between a few nodes on this machine, with wires that can be cut without a word.

    with Network(3) as network:
        subprocess.run([*network.inside(1), "mongod", "--bind_ip", network.address(1), …])
        with network.cut((1, 2), (2, 1)):
            …  # they do not hear each other; nobody is refused, nobody is told

Each node is a network namespace of its own, joined to this machine (node 0) by a bridge in one
more, the hub, which drops what is cut. A namespace lives as long as the process that holds it, and
that one dies with the tests, so nothing is ever left behind. It takes root.
"""

import collections
import contextlib
import ipaddress
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import threading

import children
from client import eventually

HERE = 0
_wires = itertools.count(1)
# Addresses set aside for tests of networks (RFC 2544): no host of the world has one.
RANGE = ipaddress.ip_network("198.18.0.0/15")
TOOLS = ("ip", "nft", "nsenter", "unshare", "setpriv")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
HUB = """
table bridge wires {
    set cut { type ipv4_addr . ipv4_addr; }
    chain forward {
        type filter hook forward priority 0;
        ip saddr . ip daddr @cut drop
    }
}
"""


def lacks():
    """Why there can be no such network here; empty: there can."""
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=PATH)]
    if missing:
        return f"needs {' and '.join(missing)}"
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    tried = subprocess.run(["unshare", "--net", "ip", "link", "add", "type", "bridge"],
                           capture_output=True, env=environment())
    return "" if tried.returncode == 0 else "needs network namespaces"


def environment():
    return {**os.environ, "PATH": PATH}


def run(*argv, **more):
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, env=environment(),
                          **more)
    assert done.returncode == 0, f"{argv}: {done.stderr or done.stdout}"
    return done.stdout


class Namespace:
    """One that is held by a process which does nothing else."""

    def __init__(self):
        self.holder = children.start(["unshare", "--net", "sleep", "infinity"])
        self.path = pathlib.Path(f"/proc/{self.holder.pid}/ns/net")
        ours = os.readlink("/proc/self/ns/net")
        eventually(lambda: os.readlink(self.path) != ours, within=60, every=0.01)
        self.run("ip", "link", "set", "dev", "lo", "up")

    def inside(self):
        return ["nsenter", f"--net={self.path}"]

    def run(self, *argv, **more):
        return run(*self.inside(), *argv, **more)

    def close(self):
        self.holder.kill()
        self.holder.wait()


class Network:
    def __init__(self, nodes):
        self.count = nodes

    def __enter__(self):
        self.cuts, self.lock = collections.Counter(), threading.Lock()
        self.subnet = free_subnet()
        with contextlib.ExitStack() as made:
            self.hub = self.namespace(made)
            self.hub.run("ip", "link", "add", "bridge", "type", "bridge")
            self.hub.run("ip", "link", "set", "dev", "bridge", "up")
            self.hub.run("nft", "-f", "-", input=HUB)
            self.nodes = [self.namespace(made) for _ in range(self.count)]
            self.join(HERE, f"mt{os.getpid()}-{next(_wires)}", os.getpid(), run)
            for number, node in enumerate(self.nodes, 1):
                self.join(number, "wire", node.holder.pid, node.run)
            self.made = made.pop_all()
        return self

    def __exit__(self, *_):
        self.made.close()

    @staticmethod
    def namespace(made):
        space = Namespace()
        made.callback(space.close)
        return space

    def join(self, number, name, pid, run_there):
        """A wire from the bridge to that node."""
        self.hub.run("ip", "link", "add", f"node{number}", "type", "veth",
                     "peer", "name", name, "netns", pid)
        self.hub.run("ip", "link", "set", "dev", f"node{number}", "master", "bridge", "up")
        run_there("ip", "address", "add", f"{self.address(number)}/{self.subnet.prefixlen}",
                  "dev", name)
        run_there("ip", "link", "set", "dev", name, "up")

    def address(self, number):
        """Of a node; of this machine: address(HERE)."""
        return str(self.subnet[10 + number])

    def inside(self, number):
        """The words before a command that runs it in that node."""
        return self.nodes[number - 1].inside()

    @contextlib.contextmanager
    def cut(self, *pairs):
        """Nothing goes from the first of a pair to the second, as long as this lasts."""
        self.change(pairs, 1)
        try:
            yield
        finally:
            self.change(pairs, -1)

    def change(self, pairs, by):
        with self.lock:
            for pair in pairs:
                self.cuts[pair] += by
            elements = ", ".join(
                f"{self.address(start)} . {self.address(end)}"
                for (start, end), times in self.cuts.items()
                if times > 0
            )
            add = f"add element bridge wires cut {{ {elements} }}\n" if elements else ""
            self.hub.run("nft", "-f", "-", input=f"flush set bridge wires cut\n{add}")


def both_ways(*pairs):
    return [*pairs, *((end, start) for start, end in pairs)]


def free_subnet():
    """One that no interface or route of this machine knows; which, goes by the process."""
    routes = json.loads(run("ip", "-json", "-4", "route"))
    taken = [ipaddress.ip_network(one["dst"], strict=False) for one in routes
             if one["dst"] != "default"]
    subnets = list(RANGE.subnets(new_prefix=24))
    start = os.getpid() % len(subnets)
    return next(subnet for subnet in subnets[start:] + subnets[:start]
                if not any(subnet.overlaps(one) for one in taken))
