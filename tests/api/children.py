"""Processes that end when the tests end, however they do."""

import concurrent.futures
import subprocess

# The system's signal at the death of a parent comes when the thread ends that made the child. This
# one lives as long as the tests.
_parent = concurrent.futures.ThreadPoolExecutor(1, "children")


def start(argv, **more):
    """A Popen of the program; `more` goes to it."""
    words = ["setpriv", "--pdeathsig", "KILL", *map(str, argv)]
    more = {"stdin": subprocess.DEVNULL, **more}
    return _parent.submit(lambda: subprocess.Popen(words, **more)).result()
