"""What is sent many times: a task, a signature or the name of a task, with the options of `apply_async`.

It knows whether the messages differ in their arguments and ids alone. Where anything may look at each,
or change it, they may differ in more: a receiver of a signal, a router, a method that a task has replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any

from celery import Celery, Signature, Task, signals
from celery.app.amqp import AMQP
from celery.app.routes import MapRoute, Router

#: The signals that tell of a message when it is sent.
PUBLISHING = signals.before_task_publish, signals.after_task_publish, signals.task_sent
#: What sends a task as Celery's `apply_async` does, in its place.
SENDERS: set[Any] = set()
#: Where the backends are that are told of each task before it is sent, and can do without: the first does
#: nothing then, the second subscribes to what whoever asks for a result subscribes to, the third makes a
#: queue.
_BACKENDS = {"celery.backends.base", "celery.backends.redis", "celery.backends.rpc"}


class Target:
    """A task and its options."""

    def __init__(self, task: Any, app: Celery | None, options: Mapping[str, Any]) -> None:
        """`task` is a task, a signature, or a name, which needs an `app`.

        Raises:
            TypeError: it is none of these, or there is a `task_id`, which all would have.
        """
        #: A signature that sends itself: a chain, a group, one with stamps.
        self._canvas = task if isinstance(task, Signature) and _is_canvas(task) else None
        #: One whose arguments and options are added to those of each message.
        self._signature = task if isinstance(task, Signature) and not self._canvas else None
        if isinstance(task, Signature):
            app = task.app
            if self._canvas is None:
                options = {**task.options, **{name: v for name, v in options.items() if v is not None}}
            task = app.tasks.get(task.task, task.task)
        if isinstance(task, str) and app is None:
            raise TypeError(f"send_many({task!r}, ...) needs app=, as a name belongs to no app")
        if not isinstance(task, str | Task):
            raise TypeError(f"send_many sends a task, a signature or a task's name, not {task!r:.100}")
        if options.get("task_id") is not None:
            raise TypeError("send_many gives each message an id of its own: leave task_id out")
        self._task = None if isinstance(task, str) else task
        self.name: str = task if isinstance(task, str) else task.name
        self.app: Any = app if self._task is None else self._task.app
        #: What was given to `send_many`, and a signature's.
        self.options = dict(options)
        if self._canvas is None:
            self.options.setdefault("add_to_parent", False)

    @property
    def ignores_result(self) -> Any:
        """Whether nobody asks for the results, as a result says of itself."""
        return self.options.get("ignore_result", self._task.ignore_result if self._task else None)

    def arguments(self, args: Sequence[Any] | None, kwargs: Mapping[str, Any] | None) -> tuple[Any, Any]:
        """Put a signature's arguments together with those of one message."""
        signature = self._signature
        if signature is None:
            return args, kwargs
        if signature.immutable:
            return signature.args, signature.kwargs
        return (
            (*args, *signature.args) if args else signature.args,
            {**signature.kwargs, **kwargs} if kwargs else signature.kwargs,
        )

    def check(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """Return the arguments as they are sent.

        Raises:
            TypeError: the task does not take them.
        """
        args, kwargs = args or (), kwargs or {}
        if self._task is not None and self._task.typing:
            self._task.__header__(*args, **kwargs)
        if not isinstance(args, (list, tuple)):  # twice as fast as list | tuple
            raise TypeError("task args must be a list or tuple")
        if type(kwargs) is not dict and not isinstance(kwargs, Mapping):
            raise TypeError("task keyword arguments must be a mapping")
        return args, kwargs

    def apply(self, args: Any, kwargs: Any, **options: Any) -> Any:
        """Send one message as Celery does; returns its result."""
        options = {**self.options, **options}
        if options.get("producer") is not self.options.get("producer"):
            options.pop("connection", None)  # it is `acquire`'s, and would go before the producer
        if self._canvas is not None:
            return self._canvas.apply_async(args, kwargs, **options)
        if self._task is not None:
            return self._task.apply_async(args, kwargs, **options)
        return self.app.send_task(self.name, args, kwargs, **options)

    def acquire(self) -> Any:
        """Open a producer for the length of a `with`: the one among the options, or one of the app's."""
        if connection := self.options.get("connection"):
            return self.app.amqp.Producer(connection, auto_declare=False)
        return self.app.producer_or_acquire(self.options.get("producer") or self.options.get("publisher"))

    def is_uniform(self) -> bool:
        """Return whether nothing looks at each message, or changes it."""
        return (self._task is None or _is_sent_plainly(self._task)) and self.has_like_messages()

    def has_like_messages(self) -> bool:
        """Return whether nothing behind `apply_async` looks at each message, or changes it."""
        return not (
            self._canvas is not None
            or self._is_customised()
            or self._is_heard()
            or self._is_routed_singly()
            or self._backend_must_know()
            or self.options["add_to_parent"]
        )

    def _is_customised(self) -> bool:
        app, task = self.app, self._task
        return (
            (task is not None and _is_customised_task(task, app))
            or not is_own(app.send_task, Celery.send_task)
            or not is_own(app.amqp.create_task_message, AMQP.as_task_v2)  # nor protocol 1
            or not _is_original(app.amqp.send_task_message)
        )

    def _is_heard(self) -> bool:
        return self.app.conf.task_send_sent_event or any(
            signal.has_listeners(self.name) for signal in PUBLISHING
        )

    def _is_routed_singly(self) -> bool:
        router = self.app.amqp.router
        return (
            "router" in self.options
            or not is_own(router.route, Router.route)
            or not all(isinstance(route, MapRoute) for route in router.routes)
        )

    def _backend_must_know(self) -> bool:
        return not self.ignores_result and module_of(self.app.backend.on_task_call) not in _BACKENDS


def _is_canvas(signature: Any) -> bool:
    # What is in these options goes before what is given to `apply_async`.
    return type(signature) is not Signature or not signature.options.keys().isdisjoint(
        ("group_id", "stamped_headers")
    )


def _is_customised_task(task: Any, app: Any) -> bool:
    return (
        app.conf.task_always_eager
        or not _is_original(Task.apply_async)
        or not is_own(task.shadow_name, Task.shadow_name)
        # Tasks with `pydantic=True` from 5.7 on: models become something else before they are sent.
        or getattr(task, "_dump_pydantic_arguments", None) is not None
    )


def is_own(method: Any, celerys: Any) -> bool:
    """Return whether a method is that of Celery's class, and nobody has put another in its place there."""
    # A wrapper would show the attributes of what it wraps.
    return type(method) is MethodType and method.__func__ is celerys and _is_original(celerys)


def module_of(method: Any) -> str | None:
    """Return where a method is defined; None if another has been put in its place."""
    return method.__module__ if type(method) is MethodType else None


def _is_original(function: Any) -> bool:
    # Tools that trace calls replace what is in Celery's classes, and may give each message other headers.
    return (
        type(function) is FunctionType
        and not hasattr(function, "__wrapped__")
        and function.__globals__["__name__"].startswith(("celery.", "kombu."))
    )


def _is_sent_plainly(task: Any) -> bool:
    senders = [vars(cls)["apply_async"] for cls in type(task).__mro__ if "apply_async" in vars(cls)]
    return (
        "apply_async" not in vars(task)
        and all(type(sender) is FunctionType for sender in senders)
        and SENDERS.union([Task.apply_async]).issuperset(senders)
        and _is_original(Task.apply_async)
    )
