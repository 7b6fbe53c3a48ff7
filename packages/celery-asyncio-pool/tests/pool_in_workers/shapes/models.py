"""Tasks whose arguments and results are pydantic models."""

# mypy: disable-error-code="untyped-decorator, misc"
# (Celery ships no types, and neither would a stranger's app.)

# No `from __future__ import annotations`: Celery 5.5 does not look up annotations that are text.

from typing import Any

import pydantic

from . import app, coroutine_of, plainly_wrapped, twice


class Order(pydantic.BaseModel):
    item: str
    count: int = 1
    note: str | None = None


class Receipt(pydantic.BaseModel):
    total: int = pydantic.Field(serialization_alias="sum")
    note: str | None = None


class Countersigned(Receipt):
    by: str = "me"


class InContext(pydantic.BaseModel):
    told: str

    @pydantic.field_validator("told")
    @classmethod
    def _tell(cls, value: str, info: pydantic.ValidationInfo) -> str:
        context = info.context or {}
        return f"{value} {context.get('said')} {context['celery_task_name'].partition('.')[2]}"


@twice(pydantic=True)
def model(order: Order) -> Receipt:
    assert isinstance(order, Order)
    return Receipt(total=order.count)


@twice(pydantic=True)
def quoted(order: "Order") -> "Receipt":
    return Receipt(total=order.count)


@twice(pydantic=True)
def optional(order: Order | None = None, times: int = 1) -> Receipt | None:
    return Receipt(total=order.count * times) if order else None


@twice(pydantic=True)
def subclass(order: Order) -> Receipt:
    return Countersigned(total=order.count)


@twice(pydantic=True)
def unmodelled(order: Order, extra: list[int]) -> int:
    return order.count + sum(extra)


@twice(pydantic=True)
def other_than_promised(_order: Order) -> Receipt:
    return {"total": 7}  # type: ignore[return-value]  # what the test is about


@twice(pydantic=True)
def unpromised(_order: Order):  # type: ignore[no-untyped-def]  # what the test is about
    return Receipt(total=1)


@twice(pydantic=True, pydantic_strict=True)
def strict(order: Order) -> Receipt:
    return Receipt(total=order.count)


@twice(pydantic=True, pydantic_dump_kwargs={"by_alias": True, "exclude_none": True})
def dumped_by_alias(order: Order) -> Receipt:
    return Receipt(total=order.count)


@twice(pydantic=True, pydantic_context={"said": "say so"})
def in_context(order: InContext) -> str:
    return order.told


@twice(pydantic=True, bind=True)
def bound_model(self: Any, order: Order, *, times: int = 2) -> Receipt:
    return Receipt(total=order.count * times, note=str(self.request.retries))


@twice(
    pydantic=True,
    autoretry_for=(ConnectionError,),
    bind=True,
    retry_backoff=True,
    retry_backoff_max=0,
    max_retries=2,
)
def retried_model(self: Any, order: Order) -> Receipt:
    if self.request.retries < 2:
        raise ConnectionError("not yet")
    return Receipt(total=order.count)


@twice(pydantic=True)
def failing_model(order: Order) -> Receipt:
    raise ValueError(order.item)


app.task(name="plain.decorated_model", pydantic=True)(plainly_wrapped(model))
app.task(name="async.decorated_model", pydantic=True)(plainly_wrapped(coroutine_of(model)))


@app.task(name="ways.awaits_models")
async def awaits_models() -> list[Any]:
    """What a coroutine gets that calls a task with models directly, as it would call any coroutine."""
    tasks = app.tasks
    return [
        await tasks["async.model"]({"item": "a", "count": "3"}),
        await tasks["async.dumped_by_alias"](Order(item="b")),
        await tasks["async.bound_model"]({"item": "c"}, times=5),
    ]
