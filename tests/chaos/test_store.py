"""The double of the tables answers as moto does, in every call that the campaign makes."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from bill_reminders.storage import tables
from tests.chaos import crashes, machine, story
from tests.chaos.store import placed
from tests.chaos.world import World, inhabited
from tests.support.moto_stack import moto_stack

Journal = list[tuple[str, dict[str, Any], Any]]


def journals() -> list[Journal]:
    """The calls of some schedules: the usual course, a troubled one, and some of the dice,
    whose indexes do not lag, which moto's cannot."""
    found: list[Journal] = []
    with inhabited() as make:

        def kept() -> World:
            world = make()
            world.journal = []
            world.store.lag = lambda: None  # type: ignore[method-assign]
            found.append(world.journal)
            return world

        for troubled in (False, True):
            world = kept()
            story.people(world)
            story.course(world, troubled=troubled)
            for what in crashes.MEANWHILE if troubled else ():
                crashes.act(world, what)
            story.finish(world)
        list(machine.runs(kept, count=3))
    return found


def test_it_answers_as_moto_does() -> None:
    operations: set[str] = set()
    for journal in journals():
        with moto_stack() as stack:
            client = tables.connection.client
            for operation, request, ours in without_repeats(journal):
                operations.add(operation)
                theirs = answer_of(client, operation, placed(request, stack.ids))
                assert meaning(theirs) == meaning(ours), (operation, request)
    assert {"BatchGetItem", "GetItem", "Query", "UpdateItem", "TransactWriteItems"} <= operations


READS = ("BatchGetItem", "GetItem", "Query")


def without_repeats(journal: Journal) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Without the reads that come again before anything was written."""
    known: dict[tuple[str, str], Any] = {}
    for operation, request, ours in journal:
        if operation not in READS:
            known.clear()
            yield operation, request, ours
            continue
        asked = operation, repr(request)
        if asked in known:
            assert meaning(ours) == meaning(known[asked])
        else:
            known[asked] = ours
            yield operation, request, ours


def answer_of(client: Any, operation: str, request: dict[str, Any]) -> Any:
    try:
        return client._make_api_call(operation, request)
    except ClientError as refusal:
        return refusal


def meaning(answer: Any) -> Any:
    """What of an answer the product reads."""
    if isinstance(answer, ClientError):
        reasons = answer.response.get("CancellationReasons", [])
        return answer.response["Error"]["Code"], [reason["Code"] for reason in reasons]
    shown = {name: answer[name] for name in ("Item", "Items", "Count") if name in answer}
    batch = [sorted(map(repr, items)) for items in answer.get("Responses", {}).values()]
    return shown | {"batch": batch, "more": bool(answer.get("LastEvaluatedKey"))}
