"""Lists, and notifications: what callers look at, and mark as read."""

from calls import Kind

LISTS = {
    "list.tasks": (("worker", "buyer"), "/tasks?limit=20"),
    "list.my_tasks": (("buyer",), "/tasks/buyer/my-tasks"),
    "list.my_work": (("worker",), "/submissions/worker/my-submissions"),
    "list.approved": (("worker",), "/submissions/worker/approved"),
    "list.to_review": (("buyer",), "/submissions/buyer/review"),
    "list.withdrawals": (("worker",), "/withdrawals/worker/history"),
    "list.pending": (("admin",), "/withdrawals/pending"),
    "list.payments": (("buyer",), "/payments/history"),
    "list.users": (("admin",), "/admin/users"),
    "list.notifications": (("worker", "buyer"), "/notifications"),
}


def look(name, roles, path):
    def choose(world, rng):
        return world.act(name, f"GET {path}", world.anybody(rng, *roles))

    return choose


def choose_read_all(world, rng):
    person = world.anybody(rng, "worker", "buyer", "admin")
    return world.act("notifications.read_all", "PUT /notifications/read-all", person)


KINDS = [
    *(Kind(name, 0.4, look(name, roles, path)) for name, (roles, path) in LISTS.items()),
    Kind("notifications.read_all", 0.8, choose_read_all),
]
