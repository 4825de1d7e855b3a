"""A reply comes in: find whose it is, do what it asks for, answer it.

Everything may happen twice, for the reply may be handed over again after any step, also days later
from typing import NamedTuple
from the dead letters: what it did is written together with a note under its id, which is looked up
first, and its answer goes out once by its name in the ledger. A reply that was answered does
nothing any more. One that is older than a day does nothing by itself: we ask whether it is still
meant. STOP counts at any age.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

from aws_lambda_powertools import Logger

from bill_reminders.channels.one_off import Direct, DirectText
from bill_reminders.channels.providers import NoAnswer, Rejected, UsedUp
from bill_reminders.channels.sms.answers import Answers
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.channels.sms.sender_ids import DeployedSenderIds
from bill_reminders.commands import payments, snoozes, stops
from bill_reminders.delivery import direct, direct_rows
from bill_reminders.delivery.direct import Senders
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue, MayPass
from bill_reminders.domain.local_time import DAY, local_date
from bill_reminders.domain.people import Address, StoppedBy
from bill_reminders.domain.replies import Intent, LastAction, Question, Reply, Target
from bill_reminders.messages.notices import Notice, Sender
from bill_reminders.replies import choices
from bill_reminders.replies.words import Said, understand
from bill_reminders.storage import accounts, addresses, conversations, limits
from bill_reminders.storage.accounts import Command, Contended, Once
from bill_reminders.storage.limits import HOUR, Limit, TooOften

logger = Logger(child=True)

ANSWER_LASTS = timedelta(hours=1)
"""An answer that comes later, after an outage, explains nothing any more."""

_ACTS = frozenset({Intent.START, Intent.PAID, Intent.SNOOZE, Intent.UNDO})
"""What changes something, and is asked about when it comes too late."""

MOST_ANSWERS = (("replies/hour", 20, HOUR), ("replies/day", 60, DAY))
MOST_EXPLANATIONS = ("replies unclear/day", 3, DAY)
"""Answers to what is not understood or came too late: two machines must not talk to each other
for ever, and many replies that were kept back are no reason to ask many times."""

Answer = Callable[[], DirectText]


class Outbound(NamedTuple):
    """What answers need beside the reply."""

    sender: Sender
    sender_ids: DeployedSenderIds
    senders: Senders


class StillQuiet(MayPass):
    """It is quiet where the user is, and they have asked for nothing just now."""


def take(reply: Reply, outbound: Outbound, *, now: datetime) -> str:
    """Do what `reply` asks for and answer it, once; in one word what came of it.

    Raises accounts.UnknownUser and what trouble.may_pass names, StillQuiet among it when it would
    have to be asked about: then it has to be handed over again.
    """
    said = understand(reply.text)
    if (
        said.intent is not Intent.STOP
        and reply.recipient not in outbound.sender_ids.known().two_way_numbers
    ):
        logger.warning("reply to a number that SmsOrigins does not name as two_way")
        return "not_ours"
    owner = addresses.owner_of(Channel.SMS, reply.sender)
    if owner is None or owner.user_id is None:
        return _from_nobody(said, reply, now)
    if direct_rows.is_known(owner.user_id, _key(reply)):
        return "repeated"
    reach = now.date() - choices.BACK - DAY  # somewhere it is still yesterday
    account = accounts.read(owner.user_id, now=now, reach=reach)
    return _Conversation(reply, said, account, outbound, now).go_on()


def _from_nobody(said: Said, reply: Reply, now: datetime) -> str:
    """A STOP is kept for whoever enters the number next; nothing else has anything to act on."""
    if said.intent is Intent.STOP:
        if not addresses.keep_stop(Channel.SMS, reply.sender, said_at=reply.received_at):
            raise Contended("the number has become somebody's")
        return "stop_kept"
    if said.intent is Intent.START and not reply.is_old(now):
        addresses.forget_stop(Channel.SMS, reply.sender, said_at=reply.received_at)
    return "nobodys"


def _key(reply: Reply) -> str:
    return f"{direct_rows.REPLY}{reply.message_id}"


class _Conversation:
    def __init__(
        self, reply: Reply, said: Said, account: Account, outbound: Outbound, now: datetime
    ) -> None:
        self._reply, self._said, self._outbound, self._now = reply, said, outbound, now
        self._account = account
        self._user = account.user
        self._today = local_date(now, self._user.zone)
        self._question, self._last_action = conversations.read(self._user.user_id)
        self._answers = Answers(self._user.language, reply.sender, outbound.sender)
        self._done = None if said.intent is Intent.STOP else self._done_before()

    def go_on(self) -> str:
        intent, answer = self._act()
        state = "no_answer" if answer is None else self._answer(intent, answer)
        logger.info(
            "reply taken",
            user_id=self._user.user_id,
            intent="unclear" if intent is None else intent.value,
            answer=state,
        )
        return "unclear" if intent is None else intent.value

    def _act(self) -> tuple[Intent | None, Answer | None]:
        """What the reply wished for in the end, and what is to be answered."""
        intent = self._said.intent
        if intent is Intent.STOP:
            return intent, self._stop()
        if self._done is not None:
            return self._done.intent, self._answer_again(self._done)
        if self._comes_late:
            return intent, self._ask_again()
        match intent:
            case Intent.START:
                answer = self._start()
            case Intent.HELP:
                answer = self._answers.help
            case Intent.LIST:
                answer = self._list()
            case Intent.UNDO:
                answer = self._undo()
            case _:
                return self._about_a_bill(intent)
        return intent, answer

    def _about_a_bill(self, intent: Intent | None) -> tuple[Intent | None, Answer | None]:
        """PAID, SNOOZE or a number."""
        if self._said.only_quotes:
            return None, None
        if (noted := self._noted_before()) is not None:
            return noted.intent, self._do(noted.intent, noted.target)
        target = self._named()
        if intent is None and target is not None and self._question is not None:
            intent = self._question.intent
        if intent is None:
            return None, self._answers.help
        if target is not None:
            return intent, self._do(intent, target)
        meant = choices.meant(self._account, self._today)
        if len(meant) == 1 and not self._said.number:
            return intent, self._do(intent, choices.target_of(meant[0]))
        return intent, self._ask(intent, meant)

    # Handed over again

    def _done_before(self) -> LastAction | None:
        """What this reply did: by its note, or the payment that has its id."""
        by = self._reply.message_id
        if (action := conversations.done(self._user.user_id, by)) is not None:
            return action
        for bill in self._account.bills:
            for payment in bill.payments:
                if payment.payment_id == _payment_id(by):
                    return self._action_of(Intent.PAID, Target(bill.bill_id, payment.occurrence))
        return None

    def _answer_again(self, action: LastAction) -> Answer | None:
        """What it would have been answered, unless something else happened since."""
        notice = choices.notice_of(self._account, action.target)
        if notice is None:
            return None
        until, bill, number = self._tomorrow, notice.bill, action.target.occurrence
        match action.intent:
            case Intent.PAID if bill.is_closed(number):
                return partial(self._answers.about, Wording.PAID, notice)
            case Intent.SNOOZE if bill.snoozed_until(number) == until:
                return partial(self._answers.about, Wording.SNOOZED, notice, until)
            case Intent.UNDO if not bill.is_closed(number):
                return partial(self._answers.about, Wording.UNDONE, notice)
        return None

    def _noted_before(self) -> LastAction | None:
        """What this reply was about to do, when notes were written before what they are about."""
        action, by = self._last_action, self._reply.message_id
        return (
            action if action is not None and (action.by, action.undone_by) == (by, None) else None
        )

    @property
    def _comes_late(self) -> bool:
        """Whether it is asked about, and not done."""
        asks_for_something = self._said.intent in _ACTS and self._done is None
        return asks_for_something and self._reply.is_old(self._now)

    def _ask_again(self) -> Answer | None:
        if self._said.intent is Intent.START and self._is_before_the_stop:
            return None
        written_on = local_date(self._reply.received_at, self._user.zone)
        return partial(self._answers.said_late, written_on)

    # Which bill

    def _named(self) -> Target | None:
        """What its number means, by the question that still waits."""
        number, question = self._said.number, self._question
        if number is None or question is None or not question.waits_for(self._reply, self._now):
            return None
        return question.options[number - 1] if 1 <= number <= len(question.options) else None

    def _ask(self, intent: Intent, meant: list[Notice]) -> Answer:
        if not meant:
            return self._plain(Wording.NOTHING_DUE)
        if len(meant) == 1:  # and a number that is none of its
            return self._answers.help
        text, named = self._answers.which(meant)
        self._remember(intent, tuple(map(choices.target_of, meant[:named])))
        return lambda: text

    def _remember(self, intent: Intent, options: tuple[Target, ...]) -> None:
        asked = Question(intent, options, self._reply.message_id, self._now)
        conversations.ask(self._user.user_id, asked)

    # What is done

    def _do(self, intent: Intent, target: Target) -> Answer:
        target = choices.balance_of(self._account, target, self._today)
        notice = choices.notice_of(self._account, target)
        if notice is None:
            return self._plain(Wording.NOTHING_DUE)
        do = self._pay if intent is Intent.PAID else self._snooze
        try:
            return do(target, notice)
        except InvalidValue:  # deleted in between, or far too late for another reminder
            return self._plain(Wording.NOTHING_DUE)

    def _action_of(self, intent: Intent, target: Target) -> LastAction:
        by, said_at = self._reply.message_id, self._reply.received_at
        return LastAction(intent, target, by, self._now, said_at)

    def _once(self, intent: Intent, target: Target) -> Once:
        action = self._action_of(intent, target)
        return conversations.once(self._user.user_id, action, last=action)

    def _change(self, command: Command, *, once: Once | None = None) -> None:
        accounts.change(self._user.user_id, command, now=self._now, once=once, known=self._account)

    def _pay(self, target: Target, notice: Notice) -> Answer:
        self._change(
            partial(
                payments.pay,
                bill_id=target.bill_id,
                occurrence=target.occurrence,
                payment_id=_payment_id(self._reply.message_id),
                now=self._now,
            ),
            once=self._once(Intent.PAID, target),
        )
        return partial(self._answers.about, Wording.PAID, notice)

    def _snooze(self, target: Target, notice: Notice) -> Answer:
        """Until the day after it was written; past the due date the second one counts."""
        until = self._tomorrow
        sure = self._said_twice(target)
        if until > notice.due_on and not sure:
            self._remember(Intent.SNOOZE, (target,))
            return partial(self._answers.about, Wording.SNOOZE_LATE, notice, notice.due_on)
        self._change(
            partial(
                snoozes.snooze,
                bill_id=target.bill_id,
                occurrence=target.occurrence,
                until=until,
                confirmed=sure,
                now=self._now,
            ),
            once=self._once(Intent.SNOOZE, target),
        )
        return partial(self._answers.about, Wording.SNOOZED, notice, until)

    @property
    def _tomorrow(self) -> date:
        """The day after the reply was written."""
        return local_date(self._reply.received_at, self._user.zone) + DAY

    def _said_twice(self, target: Target) -> bool:
        """Whether another reply wished for the same, and was asked whether that is meant."""
        asked, by = self._question, self._reply.message_id
        return self._noted_before() is not None or (
            asked is not None
            and asked.waits_for(self._reply, self._now)
            and asked.asked_by != by
            and asked.intent is Intent.SNOOZE
            and asked.options == (target,)
        )

    def _undo(self) -> Answer:
        action, by = self._last_action, self._reply.message_id
        if action is None or not action.can_be_undone(self._reply, self._now):
            return self._answers.help
        user_id, target = self._user.user_id, action.target
        notice = choices.notice_of(self._account, target)
        if notice is None:
            return self._plain(Wording.NOTHING_DUE)
        undo = self._action_of(Intent.UNDO, target)
        once = conversations.once(user_id, undo, last=action._replace(undone_by=by))
        bill_id, number = target.bill_id, target.occurrence
        if action.intent is Intent.PAID:
            paid = _payment_id(action.by)
            take_back: Command = partial(
                payments.undo, bill_id=bill_id, payment_id=paid, now=self._now
            )
        else:
            take_back = partial(snoozes.undo, bill_id=bill_id, occurrence=number)
        self._change(take_back, once=once)
        return partial(self._answers.about, Wording.UNDONE, notice)

    def _list(self) -> Answer:
        notices = choices.open_ones(self._account, self._today)
        if not notices:
            return self._plain(Wording.NOTHING_DUE)
        return partial(self._answers.listing, notices, today=self._today)

    # STOP and START

    def _stop(self) -> Answer | None:
        """Confirmed once, and not for every further STOP."""
        at, known = self._reply.received_at, self._address
        self._change(partial(stops.stop, channel=Channel.SMS, said_at=at, now=self._now))
        was_stopped = known.stopped_at is not None and known.stopped_by is StoppedBy.REPLY
        if was_stopped and known.stopped_at != at:
            return None
        return self._plain(Wording.STOPPED)

    def _start(self) -> Answer | None:
        if self._is_before_the_stop:
            return None
        at = self._reply.received_at
        self._change(partial(stops.start, channel=Channel.SMS, said_at=at))
        return self._plain(Wording.STARTED)

    @property
    def _is_before_the_stop(self) -> bool:
        stopped_at = self._address.stopped_at
        return stopped_at is not None and self._reply.received_at < stopped_at

    @property
    def _address(self) -> Address:
        return self._user.addresses[Channel.SMS]

    # The answer

    def _plain(self, wording: Wording) -> Answer:
        return partial(self._answers.plain, wording)

    def _answer(self, intent: Intent | None, answer: Answer) -> str:
        if not self._comes_late and self._reply.received_at < self._now - ANSWER_LASTS:
            return "too_late"
        # they wrote to us, but to be written to is another thing: see the invariants
        if self._address.attestation is None and intent is not Intent.STOP:
            return "not_attested"
        if self._address.stopped_at is not None and intent not in (
            Intent.STOP,
            Intent.START,
            Intent.HELP,
        ):
            return "stopped"
        if self._comes_late and self._is_quiet:
            raise StillQuiet("to be asked about when it is not quiet")
        if intent is not Intent.STOP and not self._may_answer(intent):
            return "too_often"
        return self._send(answer)

    def _send(self, answer: Answer) -> str:
        message = Direct(
            self._user.user_id,
            _key(self._reply),
            Channel.SMS,
            self._reply.sender,
            answer,
            self._user.self_registered,
            self._account.life,
        )
        try:
            return direct.send(message, self._outbound.senders, now=self._now).value
        except UsedUp:  # until tomorrow, when an answer explains nothing any more
            return "used_up"
        except (Rejected, NoAnswer) as error:  # noted in the ledger; what was asked for is done
            return type(error).__name__

    @property
    def _is_quiet(self) -> bool:
        return self._user.quiet_on(Channel.SMS).cover(self._now, self._user.zone)

    def _may_answer(self, intent: Intent | None) -> bool:
        explains = intent is None or self._comes_late
        kinds = (*MOST_ANSWERS, MOST_EXPLANATIONS) if explains else MOST_ANSWERS
        try:
            limits.reserve(
                [Limit(what, self._user.user_id, most, window) for what, most, window in kinds],
                now=self._now,
            )
        except TooOften:
            return False
        return True


def _payment_id(message_id: str) -> str:
    return f"sms-{message_id}"
