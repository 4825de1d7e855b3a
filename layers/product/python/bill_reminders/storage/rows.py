"""Between table items and the domain's values."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.bills import Bill, Payment, Recurrence, Unit
from bill_reminders.domain.clock import QuietHours
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import (
    Address,
    Attestation,
    Channel,
    Language,
    Plan,
    PlanChange,
    User,
)
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.working_days import Place, Shift
from bill_reminders.storage.tables import AddressMap, BillItem, LedgerItem, PaymentMap, UserItem

LEDGER_RETENTION = relativedelta(months=13)
"""From the due date on: longer than any resend of a yearly bill's reminder is possible."""


def user_from(item: UserItem) -> User:
    addresses = {Channel.SMS: item.sms, Channel.PUSH: item.push, Channel.EMAIL: item.email}
    quiet = None
    if item.quiet_start is not None and item.quiet_end is not None:
        quiet = QuietHours(item.quiet_start, item.quiet_end)
    return User(
        user_id=item.user_id,
        language=Language(item.language),
        zone=ZoneInfo(item.time_zone),
        plan=Plan(
            lead_days=tuple(item.lead_days),
            overdue_days=tuple(item.overdue_days),
            remind_at=item.remind_at,
            channels=tuple(Channel(name) for name in item.channels),
        ),
        quiet_hours=quiet,
        paused_until=item.paused_until,
        addresses=MappingProxyType(
            {
                channel: _address_from(stored)
                for channel, stored in addresses.items()
                if stored is not None
            }
        ),
    )


def user_item(user: User) -> UserItem:
    quiet = user.quiet_hours
    return UserItem(
        user_id=user.user_id,
        language=user.language.value,
        time_zone=user.zone.key,
        channels=[channel.value for channel in user.plan.channels],
        lead_days=list(user.plan.lead_days),
        overdue_days=list(user.plan.overdue_days),
        remind_at=user.plan.remind_at,
        quiet_start=None if quiet is None else quiet.start,
        quiet_end=None if quiet is None else quiet.end,
        paused_until=user.paused_until,
        sms=_address_map(user.addresses.get(Channel.SMS)),
        push=_address_map(user.addresses.get(Channel.PUSH)),
        email=_address_map(user.addresses.get(Channel.EMAIL)),
    )


def _address_from(stored: AddressMap) -> Address:
    if stored.attested_by is None or stored.attested_at is None:
        return Address(stored.address)
    return Address(
        stored.address,
        Attestation(stored.attested_by, stored.attested_at, stored.evidence or ""),
    )


def _address_map(address: Address | None) -> AddressMap | None:
    if address is None:
        return None
    by = address.attestation
    if by is None:
        return AddressMap(address=address.value)
    return AddressMap(
        address=address.value, attested_by=by.source, attested_at=by.at, evidence=by.evidence
    )


def bill_from(item: BillItem) -> Bill:
    amount = None
    if item.amount is not None and item.currency is not None:
        amount = Money(item.amount, item.currency)
    return Bill(
        user_id=item.user_id,
        bill_id=item.bill_id,
        biller=item.biller,
        name=item.name,
        recurrence=Recurrence(
            first_due=item.first_due,
            every=item.every,
            unit=None if item.unit is None else Unit(item.unit),
            last_day=item.last_day,
            until=item.until,
            first_number=item.first_number,
        ),
        owed_from=item.owed_from,
        amount=amount,
        plan_change=PlanChange(
            lead_days=None if item.lead_days is None else tuple(item.lead_days),
            overdue_days=None if item.overdue_days is None else tuple(item.overdue_days),
            remind_at=item.remind_at,
            channels=(
                None if item.channels is None else tuple(Channel(name) for name in item.channels)
            ),
        ),
        payments=tuple(
            Payment(payment.occurrence, payment.paid_at) for payment in item.payments or ()
        ),
        closed_at=item.closed_at,
        place=None if item.country is None else Place(item.country, item.subdivision),
        shift=Shift(item.shift),
    )


def bill_item(bill: Bill) -> BillItem:
    change, recurrence = bill.plan_change, bill.recurrence
    return BillItem(
        user_id=bill.user_id,
        bill_id=bill.bill_id,
        biller=bill.biller,
        name=bill.name,
        amount=None if bill.amount is None else bill.amount.amount,
        currency=None if bill.amount is None else bill.amount.currency,
        first_due=recurrence.first_due,
        every=recurrence.every,
        unit=None if recurrence.unit is None else recurrence.unit.value,
        last_day=recurrence.last_day,
        until=recurrence.until,
        first_number=recurrence.first_number,
        owed_from=bill.owed_from,
        payments=[
            PaymentMap(occurrence=payment.occurrence, paid_at=payment.paid_at)
            for payment in bill.payments
        ]
        or None,
        channels=_names(change.channels),
        lead_days=None if change.lead_days is None else list(change.lead_days),
        overdue_days=None if change.overdue_days is None else list(change.overdue_days),
        remind_at=change.remind_at,
        closed_at=bill.closed_at,
        country=None if bill.place is None else bill.place.country,
        subdivision=None if bill.place is None else bill.place.subdivision,
        shift=bill.shift.value,
    )


def _names(channels: Iterable[Channel] | None) -> list[str] | None:
    return None if channels is None else [channel.value for channel in channels]


def recorded_from(item: LedgerItem) -> Recorded:
    return Recorded(
        reminder=Reminder(
            user_id=item.user_id,
            bill_id=item.bill_id,
            occurrence=item.occurrence,
            due_on=item.due_on,
            trigger=Trigger.parse(item.trigger),
            channel=Channel(item.channel),
            planned_at=item.planned_at,
            revision=item.revision,
        ),
        state=State(item.state),
        attempt=item.attempt,
        owner=item.owner,
        not_before=item.not_before,
    )


def ledger_item(reminder: Reminder, state: State, *, attempt: int, at: datetime) -> LedgerItem:
    """A new row for `reminder`; the caller adds what its state needs."""
    expiry = datetime.combine(reminder.due_on + LEDGER_RETENTION, time(), tzinfo=UTC)
    return LedgerItem(
        user_id=reminder.user_id,
        key=reminder.key,
        bill_id=reminder.bill_id,
        occurrence=reminder.occurrence,
        revision=reminder.revision,
        due_on=reminder.due_on,
        trigger=str(reminder.trigger),
        channel=reminder.channel.value,
        planned_at=reminder.planned_at,
        state=state.value,
        attempt=attempt,
        recorded_at=at,
        expires_at=int(expiry.timestamp()),
    )
