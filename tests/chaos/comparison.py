"""What must hold at the end of a schedule: script, ledger and providers agree.

Nothing of the product is asked. Rows are read as they stand in the tables.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.brute_force import CHANNELS, DAY
from tests.chaos.expressions import Item
from tests.chaos.oracle import Fact, Fate, Key, Oracle
from tests.chaos.store import Store
from tests.chaos.witness import instant
from tests.chaos.world import LATE, MOST_A_DAY, Accepted, World

FINAL = {"sent", "delivered", "bounced", "complained", "failed", "expired", "unknown", "skipped"}
TAKEN = {"sent", "delivered", "bounced", "complained", "expired"}
"""States that only a message which the provider took can reach. `failed` may be either."""


@dataclass
class Totals:
    """What a schedule came to."""

    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unknown: int = 0
    resent: int = 0
    accepted: int = 0
    minutes: int = 0

    @property
    def holds(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong)


Rows = Mapping[tuple[str, str], Item]
"""The rows of reminders by user and key."""


def compare(world: World, totals: Totals) -> None:
    """Note in `totals` what does not hold."""
    rows = {
        (row["user_id"]["S"], row["key"]["S"]): row
        for row in world.store.all_items("Ledger")
        if "bill_id" in row
    }
    totals.wrong += world.wrong + world.witness.wrong
    totals.accepted = len(world.accepted)
    taken: defaultdict[tuple[str, str], list[Accepted]] = defaultdict(list)
    of_this_life = [a for a in world.accepted if world.witness.is_of_this_life(a.owner)]
    for each in of_this_life:
        for key in each.keys:
            taken[each.user_id, key].append(each)
    totals.wrong += [f"sent and not in the ledger: {key}" for key in taken if key not in rows]
    for key, row in rows.items():
        _compare_row(world, totals, rows, row, taken[key])
    _check_cap(world, totals, of_this_life)
    _check_billers(world, totals)
    for queue, letters in [*world.queues.items(), *world.dead.items()]:
        if letters:
            totals.lost.append(f"{len(letters)} messages are left in {queue}")
    for user_id in world.witness.script.users:
        _compare_user(world, totals, user_id)
    for user_id in world.witness.script.lives:
        if user_id not in world.witness.script.users:
            _check_erased(world, totals, user_id)


def _compare_row(
    world: World, totals: Totals, rows: Rows, row: Item, taken: list[Accepted]
) -> None:
    user_id, key = row["user_id"]["S"], row["key"]["S"]
    name, resends = f"{user_id} {key}", int(row.get("resends", {"N": "0"})["N"])
    carrier = rows.get((user_id, _text(row, "message_key")), row)
    state = _text(carrier if _text(row, "state") == "in_digest" else row, "state")
    totals.unknown += state == "unknown"
    totals.resent += resends
    if state not in (*FINAL, "waiting"):
        totals.lost.append(f"{state} for ever: {name}")
    if "settle_at" in row and not _may_wait(world, rows, row):
        totals.lost.append(f"to be settled for ever: {name}")
    provider_id = _text(row, "provider_id")
    if state in TAKEN and not taken:
        totals.wrong.append(f"{state}, and the provider knows nothing: {name}")
    if world.said.get(provider_id) == "bad" and state not in ("bounced", "complained"):
        totals.wrong.append(f"{state} though it bounced: {name}")
    if state == "skipped" and taken:
        totals.wrong.append(f"skipped, and sent: {name}")
    owners = {each.owner for each in world.accepted if each.provider_id == provider_id}
    # after a resend a receipt may settle, by its number, what another claim has sent
    if owners and _text(row, "owner") not in owners and not resends:
        totals.wrong.append(f"its claim did not send what it names: {name}")
    _check_resends(world, totals, name, resends, taken)


def _may_wait(world: World, rows: Rows, row: Item) -> bool:
    """Whether a message of which nobody knows waits by right to be sent once more: by the script
    nothing of it may go now, be it for a pause, a night or a wish."""
    user_id = _text(row, "user_id")
    if _text(row, "state") != "unknown" or user_id not in world.witness.script.users:
        return False
    again = Fact("waiting", resends=1)
    carried = {
        k for (_, k), each in rows.items() if _text(each, "message_key") == _text(row, "key")
    }
    facts = world.facts(user_id) | dict.fromkeys(carried, again)
    oracle = Oracle(world.witness.script, user_id, facts, world.stopped(user_id))
    fates = [oracle.wanted(world.now + LATE).get(key) for key in carried]
    known = [fate for fate in fates if fate is not None]
    waits = [fate for fate in known if fate.at is not None]
    return bool(waits) and all(fate in waits or "sent" not in fate.words for fate in known)


def _check_resends(
    world: World, totals: Totals, name: str, resends: int, taken: list[Accepted]
) -> None:
    """One more message for one resend, and that only of what an injection left in doubt."""
    if len(taken) > 1 + resends:
        totals.duplicated.append(f"{len(taken)} times: {name}")
    if resends > 1:
        totals.duplicated.append(f"given back {resends} times: {name}")
    claims = world.witness.claims
    for each in taken[:-1]:
        if not claims[each.owner].in_doubt:
            totals.duplicated.append(f"sent again, and nothing was injected: {name}")


KEPT = ("Jobs",)
"""Tables that remember for a week that somebody was erased."""


def _check_erased(world: World, totals: Totals, user_id: str) -> None:
    """No row is left of a user, nor did one come back."""
    for name in Store().tables:
        found = [row for row in world.store.all_items(name) if _text(row, "user_id") == user_id]
        if found and name not in KEPT:
            totals.wrong.append(f"{len(found)} rows of who is erased: {user_id} in {name}")


def _check_cap(world: World, totals: Totals, accepted: Iterable[Accepted]) -> None:
    """No address got more than it may on one local day, resends included."""
    script, claims = world.witness.script, world.witness.claims
    counts = Counter(
        (each.user_id, each.channel, claims[each.owner].minute.astimezone(zone).date())
        for each in accepted
        if each.user_id in script.users
        for zone in [script.zone(each.user_id)]
    )
    totals.wrong += [f"{n} messages a day: {who}" for who, n in counts.items() if n > MOST_A_DAY]


def _check_billers(world: World, totals: Totals) -> None:
    """Whoever is billed for what is not theirs, or is theirs after all, has their biller know."""
    heard = {(user_id, bill_id): what for user_id, bill_id, what in world.billers_heard}
    script = world.witness.script
    for place in script.bills:
        reasons = [
            each["value"]
            for each in script.events
            if (each["event"], each["user_id"], each["bill_id"]) == ("muted", *place)
        ]
        if "not_mine" not in reasons:
            continue
        wanted = "bill not mine" if reasons[-1] == "not_mine" else "bill mine after all"
        if heard.get(place) != wanted and not script.now(*place, 0, "").closed:
            totals.wrong.append(f"the biller heard {heard.get(place)}, not {wanted}: {place}")


def _compare_user(world: World, totals: Totals, user_id: str) -> None:
    script, minute = world.witness.script, world.now + LATE
    user, schedule = (world.store.item(name, user_id) for name in ("Users", "Schedules"))
    if user is None or schedule is None:
        totals.lost.append(f"gone: {user_id}")
        return
    if _text(user, "paused_until") != script.paused_until(user_id):
        totals.wrong.append(f"a setting was forgotten: {user_id}")
    if any(f"{channel}_quarantined_at" in schedule for channel in CHANNELS):
        totals.lost.append(f"put aside for ever: {user_id}")
    stopped, said = world.stopped(user_id), script.stopped(user_id)
    totals.wrong += [f"a stop was forgotten: {user_id} {each}" for each in said - stopped]
    for channel in stopped - said:
        if (user_id, channel) not in world.witness.bad_words:
            totals.wrong.append(f"stopped, and nobody said so: {user_id} {channel}")
    facts = world.facts(user_id)
    wanted = Oracle(script, user_id, facts, stopped).wanted(minute)
    for key, fact in facts.items():
        if fact.is_open and key not in wanted:
            totals.lost.append(f"waits, and nobody wants it: {user_id} {key}")
    for channel in CHANNELS:
        own = {
            key: fate
            for key, fate in wanted.items()
            if Key.parse(key).channel == channel and (key not in facts or facts[key].is_open)
        }
        _compare_channel(world, totals, user_id, channel, own, schedule, minute)


def _compare_channel(
    world: World,
    totals: Totals,
    user_id: str,
    channel: str,
    wanted: Mapping[str, Fate],
    schedule: Item,
    minute: datetime,
) -> None:
    """What has come due is said or noted, and the channel is woken no later than for the next."""
    is_capped = world.witness.claimed_on(user_id, channel, minute) >= MOST_A_DAY
    zone = world.witness.script.zone(user_id)
    tomorrow = (minute.astimezone(zone) + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    due = [key for key, fate in wanted.items() if fate.at is None]
    latest = min((fate.at for fate in wanted.values() if fate.at is not None), default=None)
    for key in due:
        if not is_capped or "sent" not in wanted[key].words:
            totals.lost.append(f"due and not sent: {user_id} {key} {sorted(wanted[key].words)}")
    if is_capped and (due or latest is not None):
        latest = max(latest or tomorrow, tomorrow)
    wake = schedule.get(f"{channel}_next_at")
    if latest is None:
        return
    if wake is None or instant(wake["S"]) > latest.replace(second=0):
        said = "never" if wake is None else wake["S"]
        late = f"{said} for {latest:%Y-%m-%dT%H:%M}"
        totals.lost.append(f"would wake too late, {late}: {user_id} {channel}")


def _text(item: Item, name: str) -> str:
    return str(item.get(name, {"S": ""})["S"])
