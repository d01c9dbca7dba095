"""Faults of the network between members and service: parts that do not hear each other, and more
connections than a member takes.
"""

import contextlib
import resource
import socket

from namespaces import HERE, both_ways, lacks

from . import members
from .fault import begun
from .members import of_three, with_primary


def others_than(system, member):
    return [one for one in system.members.members if one is not member]


@with_primary
def primary_partition(system, rng, primary):
    """From its secondaries: the service hears it still, and a little later another one, too. Or it
    is cut off from all, or what it says comes to nobody while it hears everybody.
    """
    pairs = [(primary, other) for other in others_than(system, primary)]
    way = rng.choice(("secondaries", "all", "mute"))
    if way == "secondaries":
        return begun(system.members.cut(*both_ways(*pairs)))
    everybody = [*pairs, (primary, HERE)]
    return begun(system.members.cut(*(everybody if way == "mute" else both_ways(*everybody))))


@with_primary
def member_partition(system, rng, primary):
    """A secondary cut off from the set, or from the service, or from both."""
    member = rng.choice(others_than(system, primary))
    ends = rng.choice((others_than(system, member), [HERE], [*others_than(system, member), HERE]))
    return begun(system.members.cut(*both_ways(*((member, end) for end in ends))))


@with_primary
def exhausted(system, _rng, primary):
    """A crowd takes every connection that is left, and the service's are closed now and then."""
    crowd = Crowd(primary)
    closed = members.misbehaving(
        [primary],
        "failCommand",
        {"activationProbability": 0.2},
        appName="microtask",
        failCommands=members.WRITES + members.READS,
        closeConnection=True,
    )

    def end():
        closed()
        crowd.leave()

    return end


class Crowd:
    """Connections to a member that say nothing."""

    MOST = 2000

    def __init__(self, member):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = soft + self.MOST if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, 16384)), hard))
        self.sockets = []
        with contextlib.suppress(OSError):
            while len(self.sockets) < self.MOST and not self.refused():
                self.sockets.append(socket.create_connection((member.address, member.port), 2))

    def refused(self):
        """The last one: the member closes what it has no room for."""
        if len(self.sockets) % 20:
            return False
        return any(is_closed(one) for one in self.sockets[-20:])

    def leave(self):
        for one in self.sockets:
            one.close()


def is_closed(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def partition(name, doc, begin, lasts):
    return of_three(name, doc, begin, lasts, root=True, network=True, lacks=lacks)


FAULTS = (
    partition(
        "primary-partition",
        "The primary is cut off from its secondaries, from all, or is heard by nobody.",
        primary_partition,
        (5, 25),
    ),
    partition(
        "member-partition",
        "A secondary is cut off from the set, from the service, or from both.",
        member_partition,
        (5, 20),
    ),
    partition(
        "rollback",
        "A primary that is cut off goes on writing, and takes it back when it has returned.",
        members.roll_back,
        (14, 18),
    ),
    of_three("connections", "The primary takes no more connections.", exhausted, (3, 10)),
)
