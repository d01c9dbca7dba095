"""Hashes of passwords that a test holds up, by holding the lock of each of the host's slots as a hash does."""

import contextlib
import ctypes
import fcntl
import os
import select

IN_OPEN = 0x20


def slots(stack):
    """The files whose locks let one hash."""
    found = list((stack.state / "run").glob("hash.*.lock"))
    assert found
    return found


@contextlib.contextmanager
def hashing_held(stack):
    """Nobody can hash in this block, or until what it gives is called."""
    held = [open(path, "r+") for path in slots(stack)]

    def let_go():
        for slot in held:
            slot.close()

    try:
        for slot in held:
            fcntl.flock(slot, fcntl.LOCK_EX)
        yield let_go
    finally:
        let_go()


def wait_until_one_would_hash(stack):
    """A call has come as far as to look for a slot, while these are held: whoever does opens their files."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    try:
        for path in slots(stack):
            assert libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN) >= 0, ctypes.get_errno()
        assert select.select([watch], [], [], 60)[0], "nobody hashes"
    finally:
        os.close(watch)
