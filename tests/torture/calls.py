"""A call that a caller makes, and a kind of calls: a row of the tables in kinds/."""

import dataclasses
import typing


@dataclasses.dataclass
class Call:
    """One operation, chosen and not yet sent. Ids are texts, as the interface shows them."""

    kind: str
    method: str
    path: str  # below /api
    body: typing.Any = None  # a dict is sent as JSON, bytes as they are, None is no body
    token: str | None = None
    actor: str | None = None  # the id of the user whose token it is
    task: str | None = None
    accounts: tuple = ()  # users whose documents this may change or shows
    submission: str | None = None
    withdrawal: str | None = None
    payment: str | None = None
    key: bool = False  # may be sent with an Idempotency-Key
    reuse_key: str | None = None  # … and is with this one, which another call had
    headers: dict = dataclasses.field(default_factory=dict)
    input: dict = dataclasses.field(default_factory=dict)  # what the history tells of it


@dataclasses.dataclass
class Kind:
    """A kind of calls. choose(world, rng) says None where nothing fits just now."""

    name: str
    weight: float
    choose: typing.Callable
    # learn(world, call, status, answer): what is known afterwards; status None: no answer came
    learn: typing.Callable = lambda world, call, status, answer: None
