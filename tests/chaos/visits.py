"""Somebody opens the page behind a message's link, with the token that the provider was handed, and
presses a button: what its form sends goes to the real handler.

What the page shows is held against the script before anything is pressed, and what a button says
stands in the script from the instant at which it is committed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bill_reminders.domain.enums import Channel
from tests.brute_force import DAY
from tests.chaos import acts
from tests.chaos.oracle import Key, Script, nominal_date
from tests.chaos.world import LATE, START, Accepted, Line, World
from tests.support.visitor import Form, Page, Visitor

PART = "60.25"
OPEN_FOR = 60 * DAY
"""A page is there so long after the due date."""
TRIES = 3
"""Who gets no answer presses again."""

type Say = Callable[[Script], object]

BUTTONS = (
    "paid",
    "paid in part",
    "unpaid",
    "snooze",
    "unsnooze",
    "stop-bill",
    "not-mine",
    "remind-again",
    "stop-channel",
    "start-channel",
)


class Guest(Visitor):
    """A browser whose requests reach the world's own page."""

    def __init__(self, world: World, line: Line | None = None) -> None:
        self.world, self.line = world, line
        self.cookies = {}

    def answered(self, event: dict[str, Any]) -> Page:
        answer = self.world.run("LinkPage", event, self.line)
        if answer is None:  # what the gateway says of a process that died
            return Page(502, {}, "")
        return Page(answer["statusCode"], answer["headers"], answer["body"])


@dataclass(frozen=True)
class Visit:
    """A bill's page that is open."""

    world: World
    mail: Accepted
    key: Key
    page: Page
    at: datetime

    @property
    def place(self) -> tuple[str, str]:
        return self.mail.user_id, self.key.bill_id

    @property
    def due_on(self) -> str:
        """By which the script names the occurrence."""
        return _nominal(self.world.witness.script, *self.place, self.key.number)


def opens(world: World, mail: Accepted, number: int) -> Visit | None:
    """The page of the message's bill of that number; None when it cannot be seen."""
    key = Key.parse(mail.keys[number])
    at = world.now + LATE + world.skew
    guest, found = Guest(world), list[Page]()
    world.undisturbed(lambda: found.append(guest.get(f"/r/{mail.token}/{number}")))
    (page,) = found
    is_there = _is_there(world, mail, key, at)
    if is_there is not None and is_there is not (page.status == 200):
        world.wrong.append(f"the page says {page.status}: {mail.user_id} {mail.keys[number]}")
    if not is_there or page.status != 200:
        return None
    visit = Visit(world, mail, key, page, at)
    shown, meant = _shown(page), _meant(world.witness.script, *visit.place, key.number)
    if shown != meant:
        said = f"the page offers {sorted(shown)}, the script {sorted(meant)}"
        world.wrong.append(f"{said}: {mail.user_id} {mail.keys[number]}")
    return visit


def _is_there(world: World, mail: Accepted, key: Key, at: datetime) -> bool | None:
    """Whether the link leads to a page; None when that is not settled."""
    script = world.witness.script
    if mail.user_id not in script.users or not world.witness.is_of_this_life(mail.owner):
        return None if mail.user_id in script.users else False
    if mail.address != acts.present_address(script, mail.user_id, Channel(mail.channel)):
        return False
    return True if at.date() < date.fromisoformat(key.due) + OPEN_FOR else None


OF_A_BILL = {"paid", "snooze", "stop-bill", "not-mine", "remind-again"}


def _shown(page: Page) -> set[str]:
    return {form.action.rpartition("/")[2] for form in page.forms} & OF_A_BILL


def _meant(script: Script, user_id: str, bill_id: str, number: int) -> set[str]:
    """The buttons about a bill that its page has to have."""
    due_on = _nominal(script, user_id, bill_id, number)
    if not due_on:
        return set()
    now = script.now(user_id, bill_id, number, "")
    if now.closed:
        return set()
    found = {"remind-again"} if script.muted(user_id, bill_id) else {"stop-bill", "not-mine"}
    if not now.settled:
        found |= {"paid"} if "remind-again" in found else {"paid", "snooze"}
    return found


def _nominal(script: Script, user_id: str, bill_id: str, number: int) -> str:
    bill = script.bills.get((user_id, bill_id))
    if bill is None:
        return ""
    day = nominal_date(bill["first_due"], bill["repeats"], number)
    return "" if day is None else day.isoformat()


def presses(world: World, mail: Accepted, number: int, button: str) -> None:
    """Open a message's page and press a button, when it is there."""
    visit = opens(world, mail, number)
    if visit is None:
        return
    action = "paid" if button == "paid in part" else button
    form = next((each for each in visit.page.forms if each.action.endswith(f"/{action}")), None)
    if form is None:
        return
    more = {"amount": PART} if button == "paid in part" else {}
    line = Line(SAYS[button](visit, form))
    answer = _sent(world, form, more, line)
    if answer.status == 200 and action == "snooze":  # past the due date it wants a second yes
        answer = _sent(world, answer.form("snooze", confirmed="yes"), {}, line)
    match answer.status:
        case 303:
            world.pressed[button] += 1
            if not line.is_said:  # it changed nothing, and so says the script
                world.witness.script = world.witness.script.copy()
                line.say(world.witness.script)
        case 404 | 422:
            world.pressed["refused"] += 1
        case status:
            world.wrong.append(f"a button fails with {status}: {button} {mail.keys[number]}")


def _sent(world: World, form: Form, more: Mapping[str, str], line: Line) -> Page:
    """The answer to a form, which is sent again when there is none."""
    guest, body = Guest(world, line), urlencode({**form.fields, **more})
    answer = guest.post(form.action, body)
    for _ in range(TRIES - 1):
        if answer.status < 500:
            break
        again: list[Page] = []
        world.undisturbed(lambda: again.append(guest.post(form.action, body)))  # noqa: B023
        (answer,) = again
    return answer


# What the script says of a button -----------------------------------------------------------------


def _pays(visit: Visit, form: Form, amount: str = "") -> Say:
    return _happens(visit, "paid", value=form.fields["payment_id"], amount=amount)


def _takes_back(visit: Visit, form: Form) -> Say:
    return _happens(visit, "undone", value=form.fields["payment_id"])


def _snoozes(visit: Visit, form: Form) -> Say:
    zone = visit.world.witness.script.zone(visit.mail.user_id)
    tomorrow = visit.at.astimezone(zone).date() + timedelta(days=1)
    assert form.fields["until"] == "tomorrow"
    return _happens(visit, "snoozed", until=tomorrow.isoformat())


def _unsnoozes(visit: Visit, form: Form) -> Say:
    return _happens(visit, "snoozed", until="")


def _happens(visit: Visit, event: str, **more: str) -> Say:
    due_on, place = visit.due_on, visit.place
    user_id, bill_id = place

    def say(script: Script) -> None:
        if place in script.bills:
            script.happens(visit.at, user_id, event, bill_id, due_on=due_on, **more)

    return say


def _mutes(reason: str) -> Callable[[Visit, Form], Say]:
    def says(visit: Visit, form: Form) -> Say:
        return lambda script: script.mutes(visit.at, *visit.place, reason)

    return says


def _stops(visit: Visit, form: Form) -> Say:
    channel = form.fields["channel"]
    return lambda script: script.says_stop(visit.at, visit.mail.user_id, channel, by="page")


def _starts(visit: Visit, form: Form) -> Say:
    channel, script = form.fields["channel"], visit.world.witness.script
    if not script.page_lifts(visit.mail.user_id, channel):
        visit.world.wrong.append(f"the page lifts a stop: {visit.mail.user_id} {channel}")
    return lambda script: script.happens(visit.at, visit.mail.user_id, "started", value=channel)


SAYS: Mapping[str, Callable[[Visit, Form], Say]] = {
    "paid": _pays,
    "paid in part": lambda visit, form: _pays(visit, form, PART),
    "unpaid": _takes_back,
    "snooze": _snoozes,
    "unsnooze": _unsnoozes,
    "stop-bill": _mutes("stopped"),
    "not-mine": _mutes("not_mine"),
    "remind-again": _mutes(""),
    "stop-channel": _stops,
    "start-channel": _starts,
}


# A course -----------------------------------------------------------------------------------------

PRESSED = (
    ("sms", "ann", 0, "snooze"),
    ("sms", "ann", 1, "stop-bill"),
    ("email", "ann", 0, "unsnooze"),
    ("email", "ann", 0, "snooze"),
    ("push", "bob", 0, "not-mine"),
    ("push", "bob", 0, "remind-again"),
    ("push", "bob", 0, "not-mine"),
    ("email", "eve", 0, "paid"),
    ("email", "eve", 0, "unpaid"),
    ("email", "eve", 0, "stop-channel"),
)
MORNINGS = (1, 3)
"""Days later on which something more is due."""


def course(world: World) -> None:
    """A morning's messages, of which each finds somebody who presses a button of its page, and then
    another; and two more mornings. One has another address by then, and the old page's link."""
    world.now = START.replace(hour=9)
    _a_minute(world)
    for channel, user_id, number, button in PRESSED:
        mails = [(mail.channel, mail.user_id) for mail in world.accepted]
        if (channel, user_id) in mails:  # or a fault has put it off
            presses(world, world.accepted[mails.index((channel, user_id))], number, button)
    acts.readdresses(world, "ann", Channel.EMAIL)
    for mail in list(world.accepted):
        opens(world, mail, 0)
    for days in MORNINGS:
        world.now = START.replace(hour=9) + days * DAY
        _a_minute(world)


def _a_minute(world: World) -> None:
    world.tick()
    for queue in ("SmsNudges", "PushNudges", "EmailNudges"):
        world.deliver(queue)
    world.sweep()
