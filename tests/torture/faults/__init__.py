"""The table of faults: FAULTS["worker-kill"].begin(system, rng) returns what ends it."""

from . import buggify, host, members, network, processes, wires
from .fault import Fault, System

__all__ = ["FAULTS", "Fault", "System"]

FAULTS = {
    fault.name: fault
    for module in (processes, members, network, wires, host, buggify)
    for fault in module.FAULTS
}
