"""Faults on the wires: requests or replies are lost between callers and nginx, between nginx and
workers, or between workers and members.
"""

import contextlib
import os

from relay import Relay

from .fault import Fault, begun
from .members import of_three


@contextlib.contextmanager
def before_nginx(system):
    """Callers go through a relay. What is under way when that ends is cut off."""
    direct = system.url
    scheme, host = direct.split("//")
    with Relay(host) as relay:
        system.url = f"{scheme}//{relay.addresses[0]}"
        try:
            yield relay
        finally:
            system.url = direct


@contextlib.contextmanager
def before_workers(system):
    """A relay takes the place of each worker's socket, which has another name meanwhile."""
    sockets = sorted((system.stack.state / "sockets").glob("worker-*.sock"))
    moved = [socket.with_suffix(".moved") for socket in sockets]
    for socket, name in zip(sockets, moved):
        os.link(socket, name)
    with Relay(*map(str, moved)) as relay:
        try:
            for socket, address in zip(sockets, relay.addresses):
                os.rename(address, socket)
            yield relay
        finally:
            for socket, name in zip(sockets, moved):
                os.rename(name, socket)


def before_members(system):
    return contextlib.nullcontext(system.members.proxy)


def losing(what, relayed, half=0.0):
    """begin() of a fault that loses requests or replies; half: the share that come in part."""

    @contextlib.contextmanager
    def lasting(system, rng):
        with relayed(system) as relay:
            share, hang = rng.uniform(0.01, 0.1), rng.choice((0, 0.5, 1))
            relay.lose(what, share=share, hang=hang, half=half, seed=rng.getrandbits(32))
            yield
            system.note(f"{relay.keep(what)} {what} were lost on the wire")

    return lambda system, rng: begun(lasting(system, rng))


def beside_nginx(name, lost, relayed):
    who, _, what = name.split("-")
    doc = f"{lost}, or in part; the connection is cut or hangs."
    return Fault(name, doc, losing(what, relayed, half=0.5), lasts=(3, 10), holds=f"{who} wire")


def before_mongod(name, lost):
    doc = f"{lost}, and the connection is cut or hangs."
    begin = losing(name.split("-")[-1], before_members)
    return of_three(name, doc, begin, (3, 10), wires=True)


FAULTS = (
    beside_nginx("client-loses-requests", "What callers send does not come to nginx", before_nginx),
    beside_nginx("client-loses-replies", "nginx's answers do not come to callers", before_nginx),
    beside_nginx(
        "worker-loses-requests", "What nginx sends does not come to the worker", before_workers
    ),
    beside_nginx("worker-loses-replies", "A worker's answers do not come to nginx", before_workers),
    before_mongod("wire-lose-requests", "Commands do not come to the member"),
    before_mongod("wire-lose-replies", "Commands are executed and their replies lost"),
)
