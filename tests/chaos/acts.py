"""What people do, by the product's own commands, with its line in the script.

What is refused did not happen: then the script says nothing of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bill_reminders import aws
from bill_reminders.cli import erasing
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import PlanChange
from bill_reminders.storage.saving import save_bills, save_user
from tests.brute_force import DAY
from tests.chaos import cast
from tests.chaos.oracle import Script, nominal_date
from tests.chaos.world import LATE, SHARDS, Letter, World
from tests.support import account_changes
from tests.support.people import ENDPOINT, a_bill
from tests.support.sms_replies import envelope


def does(world: World, act: Callable[[], object], say: Callable[[Script], object]) -> None:
    """Write a line of the script and do what it says, in the middle of whatever is at work."""
    before = world.witness.script
    world.witness.script = before.copy()
    say(world.witness.script)
    try:
        world.undisturbed(act)
    except BillRemindersError:
        world.witness.script = before


def pays(world: World, user_id: str, bill_id: str, part: str = "", name: str = "paid") -> None:
    """All that is owed, or a part of it; the name of a payment counts once."""
    amount = Money(Decimal(part), "USD") if part else None
    does(
        world,
        lambda: account_changes.record_payment(
            user_id, bill_id, 0, payment_id=name, amount=amount, now=world.now
        ),
        lambda script: script.happens(world.now, user_id, "paid", bill_id, value=name, amount=part),
    )


def takes_back(world: World, user_id: str, bill_id: str, name: str = "paid") -> None:
    does(
        world,
        lambda: account_changes.undo_payment(user_id, bill_id, name, now=world.now),
        lambda script: script.happens(world.now, user_id, "undone", bill_id, value=name),
    )


def debit_fails(world: World, user_id: str, bill_id: str, event: str) -> None:
    does(
        world,
        lambda: account_changes.record_failed_debit(user_id, bill_id, 0, event, now=world.now),
        lambda script: script.happens(world.now, user_id, "debit_failed", bill_id, value=event),
    )


def moves(world: World, user_id: str, zone: str) -> None:
    does(
        world,
        lambda: account_changes.change_user(
            user_id, lambda user: replace(user, zone=ZoneInfo(zone)), now=world.now
        ),
        lambda script: script.happens(world.now, user_id, "moved", value=zone),
    )


def plans(world: World, user_id: str, leads: tuple[int, ...]) -> None:
    does(
        world,
        lambda: account_changes.change_user(
            user_id,
            lambda user: replace(user, plan=replace(user.plan, lead_days=leads)),
            now=world.now,
        ),
        lambda script: script.happens(
            world.now, user_id, "planned", value="+".join(map(str, leads)) or "none"
        ),
    )


# An SMS that they write --------------------------------------------------------------------------


def writes(world: World, user_id: str, text: str) -> None:
    """A reply goes through the real handler. Which bill it was for is the conversation's to find
    out, and is read from the bills; what follows from it is the script's."""
    script = world.witness.script
    if user_id not in script.users or not script.users[user_id]["phone"]:
        return
    sender = present_address(script, user_id, Channel.SMS)
    before = _happened(world, user_id)

    world.replies += 1
    said_at = world.now + LATE  # by the clock of the network, which no function's moves
    message_id = f"reply-{world.replies}"
    letter = Letter(partial(envelope, text, sender=sender, message_id=message_id, at=said_at))

    def hand_over() -> None:
        world.queues["Replies"].append(letter)
        while world.deliver("Replies"):
            pass

    def say(script: Script) -> None:
        if text == "STOP":
            script.says_stop(world.now, user_id, "sms")
        if text == "START":
            script.says_start(said_at, user_id, "sms")

    does(world, hand_over, say)
    for event, bill_id, number, value in sorted(_happened(world, user_id) - before):
        row = world.witness.script.bills[user_id, bill_id]
        first_due = row["first_due"]
        nominal = nominal_date(first_due, row["repeats"], number)
        more = {"value": value} if event == "paid" else {"until": value}
        assert nominal is not None
        world.witness.script.happens(
            world.now, user_id, event, bill_id, due_on=nominal.isoformat(), **more
        )


def _happened(world: World, user_id: str) -> set[tuple[str, str, int, str]]:
    """Payments in full and snoozes that stand in the bills of a user."""
    found: set[tuple[str, str, int, str]] = set()
    for bill in world.store.of("Bills", user_id):
        bill_id = bill["bill_id"]["S"]
        for each in bill.get("payments", {"L": []})["L"]:
            payment = each["M"]
            if "amount" not in payment:
                number = int(payment["occurrence"]["N"])
                found.add(("paid", bill_id, number, payment["payment_id"]["S"]))
        for each in bill.get("snoozes", {"L": []})["L"]:
            number, until = int(each["M"]["occurrence"]["N"]), each["M"]["until"]["S"]
            found.add(("snoozed", bill_id, number, until))
    return found


# The biller's file -------------------------------------------------------------------------------


def imports(
    world: World,
    user_id: str,
    bill_id: str,
    *,
    later: int = 0,
    amount: str = "120.50",
    autopay: bool = False,
) -> None:
    """The biller gives a bill anew, due so many days later than it is now; one that was deleted
    comes back."""
    script = world.witness.script
    place, facts = (user_id, bill_id), world.facts(user_id)
    if place not in script.dates:
        return
    due = date.fromisoformat(script.dates[place].due) + later * DAY
    is_monthly = script.bills[place]["repeats"] != "once"
    changes: dict[str, Any] = {} if is_monthly else {"due_on": due}
    draft = cast.a_draft(
        user_id, bill_id, amount=Money(Decimal(amount), "USD"), autopay=autopay, **changes
    )

    def say(script: Script) -> None:
        terms = {"amount": amount, "autopay": "yes" if autopay else ""}
        now = script.now(user_id, bill_id, 0, "")
        today = world.now.astimezone(script.zone(user_id)).date().isoformat()
        if now.closed:
            row = script.bills[place] | terms
            script.enters(row if is_monthly else row | {"first_due": due.isoformat()})
            return
        if now.settled and now.due < today:  # it costs what it did
            script.happens(world.now, user_id, "stated", bill_id, amount=now.amount)
        script.bills[place] = script.bills[place] | terms
        is_over = now.settled and f"{now.payable}" < today  # what was paid stays with its date
        if not is_monthly and due.isoformat() != now.due and not is_over:
            script.leaves_date(user_id, bill_id, facts)
            script.dates[place].arrive(due.isoformat())
            script.happens(world.now, user_id, "redated", bill_id, value=due.isoformat())

    does(world, lambda: save_bills(user_id, [lambda _: draft], now=world.now), say)


def readdresses(world: World, user_id: str, channel: Channel) -> None:
    """The biller's file has another address, of which nobody said STOP yet."""
    before = world.witness.script
    user = cast.users()[user_id]
    if user_id not in before.users or channel not in user.addresses:
        return
    addresses = before.addresses | {(user_id, channel.value): 1 + len(before.addresses)}
    addresses[user_id, channel.value] += 10 * len(before.events)
    for other, known in user.addresses.items():
        number = addresses.get((user_id, other.value))
        if number is not None:
            value = _address(user_id, other, number)
            user = user.with_address(other, replace(known, value=value))

    def say(script: Script) -> None:
        script.gives_up(user_id, channel.value)
        script.addresses = addresses
        script.happens(world.now, user_id, "started", value=channel.value)

    does(world, lambda: save_user(user, shards=SHARDS, now=world.now), say)


def present_address(script: Script, user_id: str, channel: Channel) -> str:
    """The one that the biller's file gave last."""
    number = script.addresses.get((user_id, channel.value))
    return cast.address(user_id, channel) if number is None else _address(user_id, channel, number)


def _address(user_id: str, channel: Channel, number: int) -> str:
    match channel:
        case Channel.SMS:
            return f"+999{number:010}"
        case Channel.EMAIL:
            return f"{user_id}-{number}@example.com"
    return f"{ENDPOINT[:-12]}{number:012}"


def stops(world: World, user_id: str, channel: Channel) -> None:
    does(
        world,
        lambda: account_changes.stop(user_id, channel, now=world.now),
        lambda script: script.says_stop(world.now, user_id, channel.value),
    )


def starts(world: World, user_id: str, channel: Channel) -> None:
    does(
        world,
        lambda: account_changes.start(user_id, channel, now=world.now),
        lambda script: script.happens(world.now, user_id, "started", value=channel.value),
    )


def deletes(world: World, user_id: str, bill_id: str) -> None:
    facts = world.facts(user_id)

    def say(script: Script) -> None:
        script.leaves_date(user_id, bill_id, facts)
        script.happens(world.now, user_id, "deleted", bill_id)

    does(world, lambda: account_changes.delete_bill(user_id, bill_id, now=world.now), say)


def snoozes(world: World, user_id: str, bill_id: str, until: date) -> None:
    does(
        world,
        lambda: account_changes.snooze(user_id, bill_id, 0, until, confirmed=True, now=world.now),
        lambda script: script.happens(
            world.now, user_id, "snoozed", bill_id, until=until.isoformat()
        ),
    )


def pauses(world: World, user_id: str, until: date | None) -> None:
    does(
        world,
        lambda: account_changes.change_user(
            user_id, lambda user: replace(user, paused_until=until), now=world.now
        ),
        lambda script: script.happens(
            world.now, user_id, "paused", until="" if until is None else until.isoformat()
        ),
    )


def enters(world: World, user_id: str) -> None:
    """A bill of which something is to be said before anything else."""
    tonight = PlanChange(lead_days=(1,), remind_at=time(21))
    bill = a_bill(user_id, "new", due_on=date(2027, 3, 2), plan_change=tonight)

    def say(script: Script) -> None:
        if (user_id, "new") not in script.bills:
            script.enters(
                cast.bill_row(user_id, "new", "2027-03-02", lead_days="1", remind_at="21:00")
            )

    does(world, lambda: save_bills(user_id, [lambda _: bill], now=world.now), say)


# Erasure -----------------------------------------------------------------------------------------


def erases(world: World, user_id: str) -> None:
    """As an operator does it; the job that clears up comes a little later."""
    if user_id in world.witness.script.users:
        queue = erasing.Queue(aws.client("sqs"), "JobsQueue")
        does(
            world,
            lambda: erasing.erase(user_id, queue, now=world.now),
            lambda script: script.erases(user_id),
        )


def comes_back(world: World, user_id: str) -> None:
    """The biller's file has who was erased, or has them still."""
    if user_id in world.witness.script.users:
        return
    drafts = [lambda _, bill=bill: bill for bill in cast.bills(user_id)]

    def register() -> None:
        save_user(cast.users()[user_id], shards=SHARDS, now=world.now)
        save_bills(user_id, drafts, now=world.now)

    does(
        world,
        register,
        lambda script: script.registers(cast.user_row(user_id), cast.bill_rows(user_id), world.now),
    )


def jobs_come_again(world: World) -> None:
    """A queue delivers twice, be it days later."""
    world.queues["JobsQueue"] += [Letter(body) for body in world.jobs]
