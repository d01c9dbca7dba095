"""Commands of the service that MongoDB holds up, and tells when it does. A test that kills or changes something in
the middle of a call waits for that word, and depends on nobody's speed.
"""

import contextlib

HELD_MS = 5000  # long enough for the test to kill somebody meanwhile
SOON_MS = 60000  # by then they must be under way


@contextlib.contextmanager
def held_up(admin, command, times=1, skip=0, ms=HELD_MS, collection=None):
    """with held_up(stack.mongo.admin, "insert", collection=db.tasks) as under_way: … holds up the next `times` of
    these commands; under_way() returns when so many are, under_way(1) when the first is. With `skip` so many pass
    first, and whatever comes then is held up, also beyond `times`.

    A command goes on when its time (`ms`) is over or its session is ended; the end of the block waits for that.
    """
    data = {"failCommands": [command], "blockConnection": True, "blockTimeMS": ms}
    data["appName"] = "microtask"
    if collection is not None:
        data["namespace"] = collection.full_name
    mode = {"skip": skip} if skip else {"times": times}
    set_up = admin.command("configureFailPoint", "failCommand", mode=mode, data=data)

    def under_way(count=times):
        entered = {"timesEntered": set_up["count"] + count, "maxTimeMS": SOON_MS}
        admin.command("waitForFailPoint", "failCommand", **entered)

    try:
        yield under_way
    finally:
        admin.command("configureFailPoint", "failCommand", mode="off")
