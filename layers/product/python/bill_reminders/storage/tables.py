"""The tables as PynamoDB models: keys and attributes, no rules.

Names, indexes and retention are declared in template.yaml; `bind` tells the models which deployed
tables they stand for.
"""

from collections.abc import Iterator, Mapping
from threading import Lock
from types import MappingProxyType
from typing import Any, ClassVar, Self

from botocore.session import Session
from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    UnicodeAttribute,
)
from pynamodb.connection import Connection
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.pagination import ResultIterator

from bill_reminders import aws
from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.attributes import (
    DateAttribute,
    DecimalAttribute,
    InstantAttribute,
    IntegerAttribute,
    MinuteAttribute,
    WallTimeAttribute,
)

Instant = MinuteAttribute | InstantAttribute

CONNECT_TIMEOUT_SECONDS = 2.0
READ_TIMEOUT_SECONDS = 5.0
CONNECTIONS = 16 * len(Channel)
"""As many as one tick may use at once: 16 shards on each channel."""


class _Connection(Connection):
    """PynamoDB would make a session for each thread, and as many clients as threads come first."""

    _making = Lock()

    @property
    def session(self) -> Session:
        return aws.session()

    @property
    def client(self) -> Any:
        with self._making:
            return super().client

    def know(self, meta_table: MetaTable) -> None:
        """Add a table that may be known by now: an import's threads come to it side by side."""
        with self._making:
            if meta_table.table_name not in self._tables:
                self.add_meta_table(meta_table)


connection = _Connection(
    connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
    read_timeout_seconds=READ_TIMEOUT_SECONDS,
    max_pool_connections=CONNECTIONS,
    max_retry_attempts=1,  # transactions.commit tries again too, and a sender's time is short
)
"""The one client of all tables; PynamoDB by itself would make one for each."""


TABLES = (
    "schedules",
    "users",
    "bills",
    "ledger",
    "journal",
    "identities",
    "addresses",
    "codes",
    "links",
    "conversations",
    "limits",
    "answers",
    "feedback",
    "jobs",
)
"""What the deployed tables are called here; a function's environment names each as `users_table`
and so on."""

_deployed: dict[str, str] = {}
_models: dict[str, list[type["Table"]]] = {table: [] for table in TABLES}


def bind(**names: str) -> None:
    """Name the deployed tables: `users="..."`. A table that stays unnamed cannot be used, which is
    the point: each function names those that its policy allows. A model that is loaded later finds
    its table's name here."""
    for table, name in names.items():
        _deployed[table] = name
        for model in _models[table]:
            model.Meta.table_name = name


class UnreadableItem(BillRemindersError):
    """An item holds what cannot be read. The text names the attribute and repeats no value."""


class Table(Model):
    """A model on the shared connection. `raw` is what it was read from, with what newer code may
    have written into it: see storage/merged.py. `lies_in` is one of TABLES, `called` what people
    call an item."""

    raw: Mapping[str, Any] = MappingProxyType({})
    lies_in: ClassVar[str]
    called = "item"

    def __init_subclass__(cls) -> None:
        _models[cls.lies_in].append(cls)
        if cls.lies_in in _deployed:
            cls.Meta.table_name = _deployed[cls.lies_in]

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """Raises UnreadableItem."""
        try:
            item = super().from_raw_data(data)
        except Exception as error:
            fault = next(_faults(cls, data), "an attribute of it holds something else than meant")
            raise UnreadableItem(f"the {cls.called} cannot be read: {fault}") from error
        item.raw = data
        return item

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        if table.connection is not connection:
            connection.know(table.get_meta_table())
            table.connection = connection
        return table


KINDS = {"S": "text", "N": "a number", "BOOL": "true or false", "L": "a list", "M": "a map"}
"""What the console calls the types of attributes, in words."""


def _faults(model: type[Model], data: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with which attribute, without its value: it may be anybody's address."""
    for attribute in model.get_attributes().values():
        value = data.get(attribute.attr_name)
        if not value or "NULL" in value:
            continue
        wanted = KINDS.get(attribute.attr_type, "something else")
        if attribute.attr_type not in value:
            found = KINDS.get(next(iter(value)), "something else")
            yield f"{attribute.attr_name} is {found}, not {wanted}"
            continue
        try:
            attribute.deserialize(attribute.get_value(value))
        except Exception:
            form = getattr(attribute, "form", f"{wanted} of the right form")
            yield f"{attribute.attr_name} is not {form}"


class DeletedMap(MapAttribute[str, Any]):
    """As HeardMap, of a bill that was deleted and may be entered again under its id."""

    bill_id = UnicodeAttribute()
    occurrence = IntegerAttribute()
    due_on = DateAttribute()
    revision = IntegerAttribute()
    following = IntegerAttribute()


def _per_channel(**kinds: type[Attribute[Any]]) -> dict[str, Attribute[Any]]:
    """For the body of a model: an attribute of each kind for every channel, so that `next_at` gives
    `sms_next_at` and so on."""
    return {
        f"{channel}_{name}": kind(null=True) for channel in Channel for name, kind in kinds.items()
    }


def _due(channel: Channel) -> GlobalSecondaryIndex[Any]:
    """Users by the minute at which `channel` next has something to say."""

    class Due(GlobalSecondaryIndex[Any]):
        class Meta:
            index_name = f"{channel}_due"
            projection = KeysOnlyProjection()

        shard = IntegerAttribute(hash_key=True)
        next_at = MinuteAttribute(range_key=True, attr_name=f"{channel}_next_at")

    return Due()


class ScheduleItem(Table):
    """One user's schedule, their consistency boundary: see docs/decisions.md.

    Each channel has attributes and an index of its own, which the functions at the end of this
    module name. `..._messages` counts what was claimed for the channel on the local day
    `..._counted_on`. `life` is random, and another one each time that the same id is registered
    again; schedules from before it was kept have none. `planned_by` is what the instants were
    computed with, see planned_by.py.
    """

    lies_in = "schedules"
    called = "schedule"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    shard = IntegerAttribute()
    version = IntegerAttribute()
    life = UnicodeAttribute(null=True)
    planned_by = UnicodeAttribute(null=True)
    deleted = ListAttribute[DeletedMap](of=DeletedMap, null=True)

    vars().update(
        _per_channel(
            next_at=MinuteAttribute,
            quarantined_at=MinuteAttribute,
            counted_on=DateAttribute,
            messages=IntegerAttribute,
            greeted_at=InstantAttribute,
        )
    )
    vars().update({f"{channel}_due": _due(channel) for channel in Channel})


class AddressMap(MapAttribute[str, Any]):
    """An address, and who vouches for it."""

    address = UnicodeAttribute()
    attested_by = UnicodeAttribute(null=True)
    attested_at = InstantAttribute(null=True)
    evidence = UnicodeAttribute(null=True)
    stopped_at = InstantAttribute(null=True)
    stopped_by = UnicodeAttribute(null=True)


class JoinMap(MapAttribute[str, Any]):
    """A channel that joins late; without `lead_days` it is a fallback."""

    channel = UnicodeAttribute()
    lead_days = IntegerAttribute(null=True)


class KindPlanMap(MapAttribute[str, Any]):
    """What the user changes in their plan for one kind of bill; absent is not changed."""

    kind = UnicodeAttribute()
    channels = ListAttribute[str](of=UnicodeAttribute, null=True)
    joins = ListAttribute[JoinMap](of=JoinMap, null=True)
    lead_days = ListAttribute[int](of=IntegerAttribute, null=True)
    overdue_days = ListAttribute[int](of=IntegerAttribute, null=True)
    remind_at = WallTimeAttribute(null=True)


class UserItem(Table):
    """A user's settings, and their address on each channel by its name: `sms` and so on."""

    lies_in = "users"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    language = UnicodeAttribute()
    time_zone = UnicodeAttribute()
    channels = ListAttribute[str](of=UnicodeAttribute)
    joins = ListAttribute[JoinMap](of=JoinMap, null=True)
    lead_days = ListAttribute[int](of=IntegerAttribute)
    overdue_days = ListAttribute[int](of=IntegerAttribute)
    remind_at = WallTimeAttribute()
    kind_plans = ListAttribute[KindPlanMap](of=KindPlanMap, null=True)
    quiet_start = WallTimeAttribute(null=True)
    quiet_end = WallTimeAttribute(null=True)
    paused_until = DateAttribute(null=True)
    code_word = UnicodeAttribute(null=True)
    tips = BooleanAttribute(default=True)
    chosen = ListAttribute[str](of=UnicodeAttribute, null=True)
    links_closed_at = InstantAttribute(null=True)
    self_registered = BooleanAttribute(null=True)
    version = IntegerAttribute(null=True)

    vars().update({channel.value: AddressMap(null=True) for channel in Channel})


class PaymentMap(MapAttribute[str, Any]):
    """A payment towards one occurrence; without an amount, of all that is owed."""

    occurrence = IntegerAttribute()
    paid_at = InstantAttribute()
    payment_id = UnicodeAttribute()
    amount = DecimalAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    paid_on = DateAttribute(null=True)
    reference = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)


class StatementMap(MapAttribute[str, Any]):
    """What the biller stated for one occurrence."""

    occurrence = IntegerAttribute()
    amount = DecimalAttribute()
    currency = UnicodeAttribute()
    minimum = DecimalAttribute(null=True)
    due_on = DateAttribute(null=True)


class PrepaymentMap(MapAttribute[str, Any]):
    """Principal paid back early, after that instalment."""

    after = IntegerAttribute()
    amount = DecimalAttribute()
    effect = UnicodeAttribute()


class RateChangeMap(MapAttribute[str, Any]):
    """A loan's rate per period from the instalment behind that one on."""

    after = IntegerAttribute()
    rate = DecimalAttribute()
    stated_instalment = DecimalAttribute(null=True)
    instalments = IntegerAttribute(null=True)


class LoanMap(MapAttribute[str, Any]):
    """A loan's terms; the rate is a fraction per period, the principal in the bill's currency."""

    principal = DecimalAttribute()
    currency = UnicodeAttribute()
    rate = DecimalAttribute()
    instalments = IntegerAttribute()
    method = UnicodeAttribute()
    prepayments = ListAttribute[PrepaymentMap](of=PrepaymentMap, null=True)
    rate_changes = ListAttribute[RateChangeMap](of=RateChangeMap, null=True)
    stated_instalment = DecimalAttribute(null=True)
    first_period_days = IntegerAttribute(null=True)
    period_days = IntegerAttribute(null=True)


class EarlierMap(MapAttribute[str, Any]):
    """An overdue occurrence from before the bill's dates changed."""

    occurrence = IntegerAttribute()
    due_on = DateAttribute()


class TermsMap(MapAttribute[str, Any]):
    """Earlier or later terms of a bill: its attributes of the same names, from occurrence `first`
    on, which is due on `begins`."""

    first = IntegerAttribute()
    begins = DateAttribute()
    amount = DecimalAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    first_due = DateAttribute()
    every = IntegerAttribute()
    unit = UnicodeAttribute(null=True)
    last_day = BooleanAttribute(default=False)
    until = DateAttribute(null=True)
    first_number = IntegerAttribute(default=0)
    times = IntegerAttribute(null=True)
    after_statement = IntegerAttribute(default=0)
    earlier = ListAttribute[EarlierMap](of=EarlierMap, null=True)
    taken = ListAttribute[int](of=IntegerAttribute, null=True)
    statement_day = IntegerAttribute(null=True)
    loan = LoanMap(null=True)
    loan_first = IntegerAttribute(null=True)
    autopay = BooleanAttribute(default=False)
    country = UnicodeAttribute(null=True)
    subdivision = UnicodeAttribute(null=True)
    shift = UnicodeAttribute(default=Shift.NONE.value)


class KeptMap(MapAttribute[str, Any]):
    """A closed occurrence that keeps its date and amount while later terms hold around it."""

    occurrence = IntegerAttribute()
    due_on = DateAttribute()
    amount = DecimalAttribute(null=True)
    currency = UnicodeAttribute(null=True)


class SnoozeMap(MapAttribute[str, Any]):
    """The day until which the user does not want to hear of an occurrence."""

    occurrence = IntegerAttribute()
    until = DateAttribute()


class FailedDebitMap(MapAttribute[str, Any]):
    """An automatic payment that did not go through."""

    occurrence = IntegerAttribute()
    at = InstantAttribute()
    event = UnicodeAttribute()


class ReopenedMap(MapAttribute[str, Any]):
    """When a payment of an occurrence was undone."""

    occurrence = IntegerAttribute()
    at = InstantAttribute()


class HeardMap(MapAttribute[str, Any]):
    """The due date of which something about an occurrence may have been heard last, before it moved
    to another; the due-date revision on that date, and on every other."""

    occurrence = IntegerAttribute()
    due_on = DateAttribute()
    revision = IntegerAttribute()
    following = IntegerAttribute()


class SpanMap(MapAttribute[str, Any]):
    """Occurrences in a row, by the numbers of the first and the last."""

    first = IntegerAttribute()
    last = IntegerAttribute()


class BillItem(Table):
    """A bill. Its own plan attributes are absent while the user's plan holds. `how_to_pay` has a
    text for each of domain.bills.HOW_TO_PAY that there is, by its name."""

    lies_in = "bills"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    bill_id = UnicodeAttribute(range_key=True)
    biller = UnicodeAttribute()
    name = UnicodeAttribute()
    kind = UnicodeAttribute(default=Kind.OTHER.value)
    label = UnicodeAttribute(default=Label.PERSONAL.value)
    amount = DecimalAttribute(null=True)
    currency = UnicodeAttribute(null=True)
    first_due = DateAttribute()
    every = IntegerAttribute()
    unit = UnicodeAttribute(null=True)
    last_day = BooleanAttribute(default=False)
    until = DateAttribute(null=True)
    first_number = IntegerAttribute(default=0)
    times = IntegerAttribute(null=True)
    after_statement = IntegerAttribute(default=0)
    earlier = ListAttribute[EarlierMap](of=EarlierMap, null=True)
    taken = ListAttribute[int](of=IntegerAttribute, null=True)
    statement_day = IntegerAttribute(null=True)
    loan = LoanMap(null=True)
    loan_first = IntegerAttribute(null=True)
    terms_from = IntegerAttribute(null=True)
    terms_begin = DateAttribute(null=True)
    earlier_terms = ListAttribute[TermsMap](of=TermsMap, null=True)
    later_terms = ListAttribute[TermsMap](of=TermsMap, null=True)
    kept = ListAttribute[KeptMap](of=KeptMap, null=True)
    autopay = BooleanAttribute(default=False)
    late_fee = DecimalAttribute(null=True)
    late_apr = DecimalAttribute(null=True)
    how_to_pay = MapAttribute[str, Any](null=True)
    owed_from = DateAttribute()
    statements = ListAttribute[StatementMap](of=StatementMap, null=True)
    payments = ListAttribute[PaymentMap](of=PaymentMap, null=True)
    snoozes = ListAttribute[SnoozeMap](of=SnoozeMap, null=True)
    failed_debits = ListAttribute[FailedDebitMap](of=FailedDebitMap, null=True)
    reopened = ListAttribute[ReopenedMap](of=ReopenedMap, null=True)
    channels = ListAttribute[str](of=UnicodeAttribute, null=True)
    joins = ListAttribute[JoinMap](of=JoinMap, null=True)
    lead_days = ListAttribute[int](of=IntegerAttribute, null=True)
    overdue_days = ListAttribute[int](of=IntegerAttribute, null=True)
    remind_at = WallTimeAttribute(null=True)
    closed_at = InstantAttribute(null=True)
    silenced_at = InstantAttribute(null=True)
    silenced_why = UnicodeAttribute(null=True)
    country = UnicodeAttribute(null=True)
    subdivision = UnicodeAttribute(null=True)
    shift = UnicodeAttribute(default=Shift.NONE.value)
    chosen = ListAttribute[str](of=UnicodeAttribute, null=True)
    heard = ListAttribute[HeardMap](of=HeardMap, null=True)
    settled = ListAttribute[SpanMap](of=SpanMap, null=True)
    version = IntegerAttribute(null=True)


class Unsettled(GlobalSecondaryIndex[Any]):
    """Messages of which it is not known what became of them, by when to look at them."""

    class Meta:
        index_name = "unsettled"
        projection = KeysOnlyProjection()

    settle_shard = IntegerAttribute(hash_key=True)
    settle_at = InstantAttribute(range_key=True)


class ByReceipt(GlobalSecondaryIndex[Any]):
    """Messages by what a receipt calls them."""

    class Meta:
        index_name = "by_receipt"
        projection = KeysOnlyProjection()

    receipt_id = UnicodeAttribute(hash_key=True)


class LedgerItem(Table):
    """One reminder's row; on a message's first row also the state of the message.

    `key` is the reminder's identity: due date, bill, occurrence, revision, trigger, channel.
    Starting with the due date, all that is in play for a user is one short range. A message about
    no bill has a key of its own kind, `code:<id>` or `test:<id>`, and neither bill nor due date.
    `link` is the hash of the link in the message, by which it can be withdrawn; `earlier_links` are
    those of messages that may have gone out before it, for an erasure to find. `settle_at` is the
    end of the sender's lease while claimed, and of the wait for a receipt while unknown; both it
    and its shard are absent from a row that nobody needs to look at again. `resends` is absent for
    none. `receipt_id` is what a receipt calls the message: the tag that we gave to an e-mail, the
    provider's id of all else. `expires_at` is the table's TTL, in epoch seconds.
    """

    lies_in = "ledger"

    class Meta:
        table_name: str

    user_id = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    bill_id = UnicodeAttribute(null=True)
    occurrence = IntegerAttribute(null=True)
    revision = IntegerAttribute(null=True)
    due_on = DateAttribute(null=True)
    trigger = UnicodeAttribute()
    channel = UnicodeAttribute()
    planned_at = InstantAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    attempt = IntegerAttribute()
    recorded_at = InstantAttribute()
    message_key = UnicodeAttribute(null=True)
    link = UnicodeAttribute(null=True)
    earlier_links = ListAttribute[str](of=UnicodeAttribute, null=True)
    owner = UnicodeAttribute(null=True)
    settle_shard = IntegerAttribute(null=True)
    settle_at = InstantAttribute(null=True)
    resends = IntegerAttribute(null=True)
    not_before = InstantAttribute(null=True)
    settled_at = InstantAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    receipt_id = UnicodeAttribute(null=True)
    expires_at = IntegerAttribute()

    unsettled = Unsettled()
    by_receipt = ByReceipt()


DEAD_CHANNELS = "dead:"
"""Before the id of a user: under it stand the ledger's rows about channels of theirs that died.
They are no reminder and no message, and nobody has to tell them apart among those."""


def in_life(life: str | None) -> Condition:
    """On condition that the schedule is that of the account's `life`."""
    return absent(ScheduleItem.life) if life is None else ScheduleItem.life == life


def absent(attribute: Attribute[Any]) -> Condition:
    """On condition that the attribute is not there; one that holds NULL is read as if it were
    not."""
    path = Path(attribute.attr_name)
    return path.does_not_exist() | (path == {"NULL": True})


def due_index(channel: Channel) -> Any:
    """The index that finds the users for whom `channel` is due: `sms_due` and so on."""
    return getattr(ScheduleItem, f"{channel.value}_due")


def due_users(channel: Channel, shard: int, when: Condition, *, limit: int) -> Iterator[str]:
    """The ids of the users of a shard for whom `channel` is due at a minute that `when` allows, the
    earliest first."""
    found = _keys(ScheduleItem, due_index(channel).Meta.index_name, shard, when, limit)
    return (keys["user_id"]["S"] for keys in found)


def due_minutes(channel: Channel, shard: int, when: Condition, *, limit: int) -> Iterator[str]:
    """The minutes at which `channel` is to be woken for the users of a shard, one for each, as they
    are stored: `2027-03-01T01:00Z`. The earliest first."""
    index = due_index(channel)
    found = _keys(ScheduleItem, index.Meta.index_name, shard, when, limit)
    return (keys[next_at(channel).attr_name]["S"] for keys in found)


def unsettled(shard: int, when: Condition, *, limit: int) -> Iterator[tuple[str, str]]:
    """The user ids and keys of the rows of a shard that are to be looked at by then, the earliest
    first."""
    found = _keys(LedgerItem, LedgerItem.unsettled.Meta.index_name, shard, when, limit)
    return ((keys["user_id"]["S"], keys["key"]["S"]) for keys in found)


def _keys(
    model: type[Table], index: str, shard: int, when: Condition, limit: int
) -> Iterator[Mapping[str, Any]]:
    """Keys as they stand in an index. One instant that cannot be read is no reason to find none of
    the other items."""
    asked = {"range_key_condition": when, "index_name": index, "limit": limit}
    return ResultIterator(model._get_connection().query, (str(shard),), asked, limit=limit)


def raw_schedule(user_id: str) -> Mapping[str, Any] | None:
    """A user's schedule as the table has it, for who must deal with one that cannot be read; None
    when there is none."""
    answer = ScheduleItem._get_connection().get_item(user_id, consistent_read=True)
    found: Mapping[str, Any] | None = answer.get("Item")
    return found


def next_at(channel: Channel) -> MinuteAttribute:
    """The schedule's attribute that wakes `channel`: `sms_next_at` and so on."""
    return getattr(ScheduleItem, f"{channel.value}_next_at")


def quarantined_at(channel: Channel) -> MinuteAttribute:
    """Where the instant of `channel` rests while its wake-up is poison."""
    return getattr(ScheduleItem, f"{channel.value}_quarantined_at")


def counted_on(channel: Channel) -> DateAttribute:
    """The local day that `messages` counts."""
    return getattr(ScheduleItem, f"{channel.value}_counted_on")


def messages(channel: Channel) -> IntegerAttribute:
    """How many messages were claimed for `channel` on that day."""
    return getattr(ScheduleItem, f"{channel.value}_messages")


def welcomed_at(channel: Channel) -> InstantAttribute:
    """When the user's address on `channel` got its first message."""
    return getattr(ScheduleItem, f"{channel.value}_greeted_at")
