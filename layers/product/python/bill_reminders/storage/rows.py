"""Between table items and the domain's values."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from bill_reminders import spread
from bill_reminders.domain.bills import (
    HOW_TO_PAY,
    Bill,
    FailedDebit,
    Heard,
    Mute,
    MuteReason,
    Reopened,
    Snooze,
)
from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.ledger import LEDGER_RETENTION, Recorded, State
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment, RateChange
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.domain.people import (
    Address,
    Attestation,
    Join,
    Language,
    Plan,
    PlanChange,
    StoppedBy,
    User,
)
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder, Trigger
from bill_reminders.domain.revisions import Deleted
from bill_reminders.domain.terms import Dated, Kept, Terms
from bill_reminders.domain.working_days import Place
from bill_reminders.storage.tables import (
    AddressMap,
    BillItem,
    DeletedMap,
    EarlierMap,
    FailedDebitMap,
    HeardMap,
    JoinMap,
    KeptMap,
    KindPlanMap,
    LedgerItem,
    LoanMap,
    PaymentMap,
    PrepaymentMap,
    RateChangeMap,
    ReopenedMap,
    ScheduleItem,
    SnoozeMap,
    SpanMap,
    StatementMap,
    TermsMap,
    UserItem,
)


def user_from(item: UserItem) -> User:
    addresses = {channel: getattr(item, channel.value) for channel in Channel}
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
            joins=_joins_from(item.joins),
        ),
        kind_plans=MappingProxyType(
            {Kind(stored.kind): _plan_change_from(stored) for stored in item.kind_plans or ()}
        ),
        quiet_hours=quiet,
        paused_until=item.paused_until,
        code_word=item.code_word,
        tips=item.tips,
        links_closed_at=item.links_closed_at,
        addresses=MappingProxyType(
            {
                channel: _address_from(stored)
                for channel, stored in addresses.items()
                if stored is not None
            }
        ),
        overrides=frozenset(item.chosen or ()),
        version=item.version or 0,
        self_registered=_registered_by_themselves(item),
        spread_minutes=spread.minutes_of(item.user_id),
    )


def user_item(user: User) -> UserItem:
    quiet = user.quiet_hours
    return UserItem(
        user_id=user.user_id,
        language=user.language.value,
        time_zone=user.zone.key,
        channels=[channel.value for channel in user.plan.channels],
        joins=_join_maps(user.plan.joins),
        lead_days=list(user.plan.lead_days),
        overdue_days=list(user.plan.overdue_days),
        remind_at=user.plan.remind_at,
        kind_plans=[
            KindPlanMap(kind=kind.value, **_plan_attributes(change))
            for kind, change in sorted(user.kind_plans.items())
        ]
        or None,
        quiet_start=None if quiet is None else quiet.start,
        quiet_end=None if quiet is None else quiet.end,
        paused_until=user.paused_until,
        code_word=user.code_word,
        tips=user.tips,
        chosen=sorted(user.overrides) or None,
        version=user.version or None,
        links_closed_at=user.links_closed_at,
        self_registered=user.self_registered,
        **_address_maps(user),
    )


_OUR_OWN_ID = re.compile("u[0-9a-f]{24}")
"""The ids that sign-up gives; a biller's file names its users itself."""


def _registered_by_themselves(item: UserItem) -> bool:
    """Items from before that was kept tell it by their ids."""
    if item.self_registered is None:
        return _OUR_OWN_ID.fullmatch(item.user_id) is not None
    return item.self_registered


def _plan_change_from(stored: BillItem | KindPlanMap) -> PlanChange:
    channels, leads, overdues = stored.channels, stored.lead_days, stored.overdue_days
    return PlanChange(
        lead_days=None if leads is None else tuple(leads),
        overdue_days=None if overdues is None else tuple(overdues),
        remind_at=stored.remind_at,
        channels=None if channels is None else tuple(Channel(name) for name in channels),
        joins=_joins_from(stored.joins),
    )


def _plan_attributes(change: PlanChange) -> dict[str, Any]:
    return {
        "channels": None if change.channels is None else [each.value for each in change.channels],
        "joins": _join_maps(change.joins),
        "lead_days": None if change.lead_days is None else list(change.lead_days),
        "overdue_days": None if change.overdue_days is None else list(change.overdue_days),
        "remind_at": change.remind_at,
    }


def _joins_from(stored: Iterable[JoinMap] | None) -> tuple[Join, ...]:
    return tuple(Join(Channel(each.channel), each.lead_days) for each in stored or ())


def _join_maps(joins: Iterable[Join]) -> list[JoinMap] | None:
    return [JoinMap(channel=j.channel.value, lead_days=j.lead_days) for j in joins] or None


def _address_from(stored: AddressMap) -> Address:
    attestation = None
    if stored.attested_by is not None and stored.attested_at is not None:
        attestation = Attestation(stored.attested_by, stored.attested_at, stored.evidence or "")
    by = StoppedBy.REPLY if stored.stopped_by is None else StoppedBy(stored.stopped_by)
    return Address(stored.address, attestation, stored.stopped_at, by)


def _address_maps(user: User) -> dict[str, Any]:
    return {channel.value: _address_map(user.addresses.get(channel)) for channel in Channel}


def _address_map(address: Address | None) -> AddressMap | None:
    if address is None:
        return None
    by = address.attestation
    return AddressMap(
        address=address.value,
        attested_by=None if by is None else by.source,
        attested_at=None if by is None else by.at,
        evidence=None if by is None else by.evidence,
        stopped_at=address.stopped_at,
        stopped_by=None if address.stopped_at is None else address.stopped_by.value,
    )


def _mute_from(item: BillItem) -> Mute | None:
    if item.silenced_at is None or item.silenced_why is None:
        return None
    return Mute(item.silenced_at, MuteReason(item.silenced_why))


def bill_from(item: BillItem) -> Bill:
    return Bill(
        user_id=item.user_id,
        bill_id=item.bill_id,
        biller=item.biller,
        name=item.name,
        **_terms_values(item),
        owed_from=item.owed_from,
        kind=Kind(item.kind),
        label=Label(item.label),
        late_fee=_money(item.late_fee, item.currency),
        late_apr=item.late_apr,
        **_how_to_pay(item),
        plan_change=_plan_change_from(item),
        statements=tuple(map(statement_from, item.statements or ())),
        payments=tuple(map(payment_from, item.payments or ())),
        snoozes=tuple(Snooze(each.occurrence, each.until) for each in item.snoozes or ()),
        failed_debits=tuple(
            FailedDebit(each.occurrence, each.at, each.event) for each in item.failed_debits or ()
        ),
        reopened=tuple(Reopened(each.occurrence, each.at) for each in item.reopened or ()),
        closed_at=item.closed_at,
        mute=_mute_from(item),
        terms_from=item.terms_from,
        terms_begin=item.terms_begin,
        earlier_terms=tuple(map(_terms_from, item.earlier_terms or ())),
        later_terms=tuple(map(_terms_from, item.later_terms or ())),
        kept=tuple(map(_kept_from, item.kept or ())),
        overrides=frozenset(item.chosen or ()),
        heard=tuple(map(_heard_from, item.heard or ())),
        settled=tuple((each.first, each.last) for each in item.settled or ()),
        version=item.version or 0,
    )


def _terms_values(item: BillItem | TermsMap) -> dict[str, Any]:
    return {
        "recurrence": Recurrence(
            first_due=item.first_due,
            every=item.every,
            unit=None if item.unit is None else Unit(item.unit),
            last_day=item.last_day,
            until=item.until,
            first_number=item.first_number,
            count=item.times,
            after_statement=item.after_statement,
            earlier=tuple((each.occurrence, each.due_on) for each in item.earlier or ()),
            taken=tuple(item.taken or ()),
        ),
        "amount": _money(item.amount, item.currency),
        "currency": item.currency,
        "loan": None if item.loan is None else _loan_from(item.loan),
        "loan_first": item.loan_first,
        "statement_day": item.statement_day,
        "autopay": item.autopay,
        "place": None if item.country is None else Place(item.country, item.subdivision),
        "shift": Shift(item.shift),
    }


def _terms_attributes(dated: Dated) -> dict[str, Any]:
    recurrence, place = dated.recurrence, dated.place
    return {
        "first_due": recurrence.first_due,
        "every": recurrence.every,
        "unit": None if recurrence.unit is None else recurrence.unit.value,
        "last_day": recurrence.last_day,
        "until": recurrence.until,
        "first_number": recurrence.first_number,
        "times": recurrence.count,
        "after_statement": recurrence.after_statement,
        "earlier": [EarlierMap(occurrence=n, due_on=day) for n, day in recurrence.earlier] or None,
        "taken": list(recurrence.taken) or None,
        "amount": None if dated.amount is None else dated.amount.amount,
        "currency": dated.currency,
        "loan": None if dated.loan is None else _loan_map(dated.loan),
        "loan_first": dated.loan_first,
        "statement_day": dated.statement_day,
        "autopay": dated.autopay,
        "country": None if place is None else place.country,
        "subdivision": None if place is None else place.subdivision,
        "shift": dated.shift.value,
    }


def _terms_from(stored: TermsMap) -> Terms:
    return Terms(stored.first, stored.begins, **_terms_values(stored))


def _terms_map(terms: Terms) -> TermsMap:
    return TermsMap(first=terms.first, begins=terms.begins, **_terms_attributes(terms))


def _kept_from(stored: KeptMap) -> Kept:
    return Kept(stored.occurrence, stored.due_on, _money(stored.amount, stored.currency))


def _kept_map(kept: Kept) -> KeptMap:
    money = _money_attributes(kept.amount)
    return KeptMap(occurrence=kept.number, due_on=kept.due_on, **money)


def bill_item(bill: Bill) -> BillItem:
    return BillItem(
        user_id=bill.user_id,
        bill_id=bill.bill_id,
        biller=bill.biller,
        name=bill.name,
        kind=bill.kind.value,
        label=bill.label.value,
        **_terms_attributes(bill),
        terms_from=bill.terms_from,
        terms_begin=bill.terms_begin,
        earlier_terms=[*map(_terms_map, bill.earlier_terms)] or None,
        later_terms=[*map(_terms_map, bill.later_terms)] or None,
        kept=[*map(_kept_map, bill.kept)] or None,
        late_fee=None if bill.late_fee is None else bill.late_fee.amount,
        late_apr=bill.late_apr,
        how_to_pay=_how_to_pay_map(bill),
        owed_from=bill.owed_from,
        statements=[statement_map(each) for each in bill.statements] or None,
        payments=[payment_map(each) for each in bill.payments] or None,
        snoozes=[SnoozeMap(occurrence=each.occurrence, until=each.until) for each in bill.snoozes]
        or None,
        failed_debits=[
            FailedDebitMap(occurrence=each.occurrence, at=each.at, event=each.event)
            for each in bill.failed_debits
        ]
        or None,
        reopened=[ReopenedMap(occurrence=each.occurrence, at=each.at) for each in bill.reopened]
        or None,
        **_plan_attributes(bill.plan_change),
        closed_at=bill.closed_at,
        silenced_at=None if bill.mute is None else bill.mute.at,
        silenced_why=None if bill.mute is None else bill.mute.reason.value,
        chosen=sorted(bill.overrides) or None,
        heard=[HeardMap(**_heard_attributes(each)) for each in bill.heard] or None,
        settled=[SpanMap(first=first, last=last) for first, last in bill.settled] or None,
        version=bill.version or None,
    )


def statement_map(statement: Statement) -> StatementMap:
    return StatementMap(
        occurrence=statement.occurrence,
        **_money_attributes(statement.amount),
        minimum=statement.minimum,
        due_on=statement.due_on,
    )


def statement_from(stored: StatementMap) -> Statement:
    amount = Money(stored.amount, stored.currency)
    return Statement(stored.occurrence, amount, stored.minimum, stored.due_on)


def payment_map(payment: Payment) -> PaymentMap:
    return PaymentMap(
        occurrence=payment.occurrence,
        paid_at=payment.paid_at,
        payment_id=payment.payment_id,
        **_money_attributes(payment.amount),
        paid_on=payment.paid_on,
        reference=payment.reference,
        note=payment.note,
    )


def payment_from(stored: PaymentMap) -> Payment:
    return Payment(
        occurrence=stored.occurrence,
        paid_at=stored.paid_at,
        amount=_money(stored.amount, stored.currency),
        payment_id=stored.payment_id,
        paid_on=stored.paid_on,
        reference=stored.reference,
        note=stored.note,
    )


def _how_to_pay(item: BillItem) -> dict[str, Any]:
    said = {} if item.how_to_pay is None else item.how_to_pay.attribute_values
    return {name: said.get(name) for name in HOW_TO_PAY}


def _how_to_pay_map(bill: Bill) -> dict[str, str] | None:
    said = {name: getattr(bill, name) for name in HOW_TO_PAY}
    return {name: text for name, text in said.items() if text is not None} or None


def deleted_from(item: ScheduleItem) -> tuple[Deleted, ...]:
    return tuple((each.bill_id, _heard_from(each)) for each in item.deleted or ())


def deleted_maps(several: Iterable[Deleted]) -> list[DeletedMap]:
    return [DeletedMap(bill_id=bill_id, **_heard_attributes(each)) for bill_id, each in several]


def _heard_from(stored: HeardMap | DeletedMap) -> Heard:
    return Heard(stored.occurrence, stored.due_on, stored.revision, stored.following)


def _heard_attributes(heard: Heard) -> dict[str, Any]:
    return {
        "occurrence": heard.occurrence,
        "due_on": heard.due_on,
        "revision": heard.revision,
        "following": heard.following,
    }


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return None if amount is None or currency is None else Money(amount, currency)


def _money_attributes(money: Money | None) -> dict[str, Any]:
    return {
        "amount": None if money is None else money.amount,
        "currency": None if money is None else money.currency,
    }


def _loan_from(stored: LoanMap) -> Loan:
    return Loan(
        principal=Money(stored.principal, stored.currency),
        rate=stored.rate,
        instalments=stored.instalments,
        method=Method(stored.method),
        prepayments=tuple(
            Prepayment(each.after, each.amount, Effect(each.effect))
            for each in stored.prepayments or ()
        ),
        rate_changes=tuple(
            RateChange(each.after, each.rate, each.stated_instalment, each.instalments)
            for each in stored.rate_changes or ()
        ),
        stated_instalment=stored.stated_instalment,
        **_first_period_of(stored),
    )


def _first_period_of(stored: LoanMap) -> dict[str, int]:
    if stored.first_period_days is None or stored.period_days is None:
        return {}
    return {"first_period_days": stored.first_period_days, "period_days": stored.period_days}


def _loan_map(loan: Loan) -> LoanMap:
    return LoanMap(
        principal=loan.principal.amount,
        currency=loan.principal.currency,
        rate=loan.rate,
        instalments=loan.instalments,
        method=loan.method.value,
        prepayments=[
            PrepaymentMap(after=each.after, amount=each.amount, effect=each.effect.value)
            for each in loan.prepayments
        ]
        or None,
        rate_changes=[
            RateChangeMap(
                after=each.after,
                rate=each.rate,
                stated_instalment=each.stated_instalment,
                instalments=each.instalments,
            )
            for each in loan.rate_changes
        ]
        or None,
        stated_instalment=loan.stated_instalment,
        first_period_days=loan.first_period_days,
        period_days=None if loan.first_period_days is None else loan.period_days,
    )


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
        message_key=item.message_key,
        resends=item.resends or 0,
        reason=item.reason,
        links=(*(item.earlier_links or ()), *filter(None, [item.link])),
    )


def ledger_item(
    reminder: Reminder, state: State, *, attempt: int, at: datetime, links: Sequence[str] = ()
) -> LedgerItem:
    """A new row for `reminder`, which keeps the `links` of the one in its place; the caller adds
    what its state needs."""
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
        earlier_links=list(links) or None,
        expires_at=ledger_expiry(reminder.due_on, at),
    )


def ledger_expiry(due_on: date | None, at: datetime) -> int:
    """Until when a row is kept that was written on at `at`, in epoch seconds: what is said today of
    a date long past has to stand in the way as long as any other. `due_on` is None for a message
    about no bill."""
    day = at.date() if due_on is None else max(due_on, at.date())
    return int(datetime.combine(day + LEDGER_RETENTION, time(), tzinfo=UTC).timestamp())
