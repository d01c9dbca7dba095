"""A build for tests that fails on purpose (configure --enable-buggify; src/base/buggify.h)."""

from .fault import Fault


def fail_on_purpose(system, rng):
    """The programs look for the file ten times a second."""
    file = system.stack.state / "run" / "buggify"
    per_mille = rng.choice((5, 20, 50))
    file.write_text(f"{per_mille}\n")
    system.note(f"{per_mille} of a thousand commits, claims, reads and calls go wrong")
    return file.unlink


FAULTS = (
    Fault(
        "buggify",
        "Commits, claims, reads of callers and calls to the provider are slow, fail, or go unsaid.",
        fail_on_purpose,
        lasts=(5, 20),
        buggify=True,
    ),
)
