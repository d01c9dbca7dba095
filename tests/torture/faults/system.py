"""The system under test: a stack of its own whose folders and programs faults can get at.

    with system_under_test([FAULTS["disk-logs"], …], build, members) as system:
        end = FAULTS["disk-logs"].begin(system, rng)
"""

import contextlib
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

from conftest import own_stack
from replica_set import ReplicaSet

from .fault import System

LAUNCHER = pathlib.Path(__file__).with_name("launcher")
DISK_SIZE = "16G"  # of a file system of its own; its file has holes, and takes what is written


def replica_set(faults):
    """Three members as these faults need them."""
    return ReplicaSet(
        network=any(fault.network for fault in faults), wires=any(fault.wires for fault in faults)
    )


@contextlib.contextmanager
def system_under_test(faults, build, members=None, options=(), env=None, note=print):
    """members: of replica_set(faults); without one the stack has a mongod of its own."""
    with contextlib.ExitStack() as things:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="microtask-system-"))
        things.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in ("state", "launches"):
            (folder / name).mkdir()
        for fault in faults:
            fault.prepare()
        for number, place in enumerate(sorted({fault.place for fault in faults} - {""})):
            disk = folder / f"disk-{number}"
            things.enter_context(file_system(folder / "state" / place, disk))
        start = functools.partial(members.stack, "") if members else own_stack
        programs = {"BUILD_DIR": str(build), "LAUNCHES": str(folder / "launches")}
        stack = things.enter_context(
            start(
                *("--launcher", str(LAUNCHER)),
                *options,
                env=programs | (env or {}),
                state=folder / "state",
            )
        )
        yield System(stack, members, folder, pathlib.Path(build), note)


@contextlib.contextmanager
def file_system(folder, disk):
    """`folder` is one of its own, kept in the file `disk`."""
    folder.mkdir(parents=True)
    run("truncate", "--size", DISK_SIZE, disk)
    run("mkfs.ext4", "-q", "-m", "0", disk)
    run("mount", "-o", "loop", disk, folder)
    try:
        (folder / "lost+found").rmdir()
        yield
    finally:
        run("umount", "--lazy", folder)


def run(*words):
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    subprocess.run(list(map(str, words)), check=True, env={**os.environ, "PATH": path})
