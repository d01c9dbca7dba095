"""Everything that is chosen by the seed: what operation n is, and which fault begins at it.

Each operation has a random generator of its own, made of (seed, round, n), so what is drawn for it
depends neither on the operations before it nor on who was faster. What it is applied to does: the
world is what answers have told until then, ids are new in each run, and the database decides who is
first. So a replay has the same draws in the same order, the same keys and repeats, and the same
faults, which begin at the same operations and last as long. Of the operations of a round about four
in five are of the same kind again and two in three end alike, more at the round's begin than at its
end. A fault that lays hold of what another still holds waits for it, and operations beyond the
round's number, made while faults last, are as many as time allows.
"""

import collections
import random

Planned = collections.namedtuple("Planned", "n fault seconds seed")


def generator(*parts):
    """A random generator of its own for what the parts name."""
    return random.Random("/".join(map(str, parts)))


def plan(seed, number, faults, operations, per_round):
    """The faults of a round, in the order in which they begin: a list of Planned.

    Every fault has its turn before one has the second, over all rounds. None begins in the first
    tenth of a round, so that there is something to lose, nor in its last.
    """
    if not faults:
        return []
    first = number * per_round
    turns = [turn(seed, faults, first + at) for at in range(per_round)]
    rng = generator(seed, number, "faults")
    begins = sorted(rng.randrange(operations // 10, max(operations * 9 // 10, 2)) for _ in turns)
    return [
        Planned(n, fault, rng.uniform(*fault.lasts), f"{seed}/{number}/fault/{at}")
        for at, (n, fault) in enumerate(zip(begins, turns))
    ]


def turn(seed, faults, at):
    """The fault whose turn is the at-th: all of them in an order, then in another one."""
    lap, place = divmod(at, len(faults))
    order = sorted(faults, key=lambda fault: fault.name)
    generator(seed, "lap", lap).shuffle(order)
    return order[place]
