"""The calendar feed (RFC 5545): due dates as all-day events, with the plan's reminders as alarms.

Alarms are instants in UTC, so that a calendar in another zone rings when the product would; they
are taken from the outlook, which plays planning itself forward.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from icalendar import Alarm, Calendar, Event, vDuration

from bill_reminders.domain import cards
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.local_time import DAY, instant_of, local_date, next_minute
from bill_reminders.domain.people import Language
from bill_reminders.domain.reminders import Reminder, SkipReason, Trigger
from bill_reminders.messages.catalogue import Catalogue, catalogue
from bill_reminders.messages.explanations import because
from bill_reminders.messages.notices import Notice
from bill_reminders.messages.wording import amount_of, bill_title, pay_by

BACK, AHEAD = 100 * DAY, 400 * DAY
"""Which due dates are shown, from the user's today."""
ALARMS_AHEAD = 100 * DAY
"""Programs read the feed again within days; alarms that are further off come in time."""
MOST_EVENTS = 2000
"""The nearest to come, should there be more: an answer of Lambda holds 6 MB."""
REACHES = (7 * DAY, 30 * DAY, BACK, AHEAD)
"""The nearest are looked for first in a week around today, and farther only if it has too few."""
PLANNED_AT_MOST = 20_000
"""Reminders that are looked at for the alarms of one reading; the nearest are had first."""

REFRESH = timedelta(hours=4)
NAME_WIDTH = 80
PRODUCT = "-//Bill reminders//Calendar 1//EN"

type Alarms = Mapping[tuple[str, int], Mapping[datetime, Reminder]]
"""Of each occurrence (bill and number): a reminder for each instant, though several channels may
tell of it."""


def feed(account: Account, *, now: datetime) -> bytes:
    """The calendar of `account` at `now`; the same bytes until something changes, an alarm has
    rung or the day is over."""
    words = catalogue(account.user.language)
    today = local_date(now, account.user.zone)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", words.say("calendar_name"))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    alarms = _alarms(account, now)
    for notice in _shown(account, today):
        calendar.add_component(_event(words, account, notice, alarms, today))
    return bytes(calendar.to_ical())


def gone() -> str:
    """What an address says that opens no calendar, in every language."""
    return "\n".join(catalogue(language).say("calendar_dead") for language in Language)


def _shown(account: Account, today: date) -> list[Notice]:
    found: list[Notice] = []
    for reach in REACHES:
        found = [each for bill in account.bills for each in _of_bill(bill, today, reach)]
        if len(found) >= MOST_EVENTS:
            break
    nearest = sorted(found, key=lambda each: abs(each.due_on - today))[:MOST_EVENTS]
    return sorted(nearest, key=lambda each: (each.due_on, each.bill.bill_id))


def _of_bill(bill: Bill, today: date, reach: timedelta) -> Iterator[Notice]:
    if bill.closed_at is not None or bill.is_not_mine:
        return
    for number, due_on in bill.occurrences_from(today - min(reach, BACK)):
        payable_on = bill.payable_on(due_on)
        if payable_on > today + reach:
            return
        last_working_day = bill.last_working_day(payable_on)
        yield Notice(bill, payable_on, Trigger.lead(0), last_working_day, occurrence=number)


def _alarms(account: Account, now: datetime) -> Alarms:
    """The plan's instants, also where no channel has an address: the calendar is one, too. What
    was missed and would go out this minute is left out: it would ring at every reading."""
    found: defaultdict[tuple[str, int], dict[datetime, Reminder]] = defaultdict(dict)
    user = account.user
    if not user.plan.channels:  # nothing was confirmed yet: the calendar takes part alone
        user = replace(user, plan=replace(user.plan, channels=(Channel.SMS,)))
    coming = forecast(
        user,
        account.bills,
        account.recorded,
        now=now,
        until=now + ALARMS_AHEAD,
        effort=PLANNED_AT_MOST,
    )
    for each in coming:
        if each.skip in (None, SkipReason.NO_ADDRESS) and each.at > next_minute(now):
            reminder = each.reminder
            found[reminder.bill_id, reminder.occurrence].setdefault(each.at, reminder)
    return found


def _event(
    words: Catalogue, account: Account, notice: Notice, alarms: Alarms, today: date
) -> Event:
    bill = notice.bill
    is_paid = bill.is_closed(notice.occurrence)
    is_carried = cards.is_carried(bill, notice.occurrence, today)
    title = bill_title(words, notice, width=NAME_WIDTH)
    event = Event()
    event.add("uid", _uid(bill, notice.occurrence))
    # every change of the account moves its version, so a changed event has a higher number
    event.add("sequence", account.version)
    event.add("dtstamp", instant_of(today, time(), account.user.zone))
    event.add("dtstart", notice.due_on)
    event.add("dtend", notice.due_on + DAY)  # the first day that is not part of it
    event.add("transp", "TRANSPARENT")
    if is_paid or is_carried:
        said = "calendar_paid" if is_paid else "calendar_carried"
        event.add("summary", words.say(said, bill=title))
        return event
    amount = amount_of(words, notice, today)
    event.add("summary", words.say("calendar_due", bill=title, amount=amount))
    if said := pay_by(words, notice, today):
        event.add("description", said)
    for at, reminder in sorted(alarms.get((bill.bill_id, notice.occurrence), {}).items()):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", at, parameters={"VALUE": "DATE-TIME"})
        alarm.add("description", f"{title}: {because(words.language, reminder.trigger)}")
        event.add_component(alarm)
    return event


def _uid(bill: Bill, number: int) -> str:
    """The same whatever is changed about a bill, its due date included."""
    named = f"{bill.user_id}#{bill.bill_id}#{number}"
    return f"{sha256(named.encode()).hexdigest()[:32]}@bill-reminders"
