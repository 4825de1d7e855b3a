"""History, outlook and feedback through the API."""

from datetime import datetime, timedelta

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from tests.api.conftest import NOON, SetClock, user_id
from tests.api.test_bills import add
from tests.support.api import Person

DAY = timedelta(days=1)


def remind(person: Person, at: datetime) -> None:
    """Note in the ledger what a sender would claim at `at`."""
    claims.claim_next(user_id(person), Channel.SMS, now=at)


def test_the_history_says_why_each_came_and_what_became_of_it(reached: Person) -> None:
    add(reached)
    remind(reached, NOON + 1 * DAY)
    (row,) = reached.get("/v1/reminders").json["reminders"]
    assert (row["trigger"], row["state"], row["due_on"]) == ("lead:3", "claimed", "2027-03-05")
    assert row["why"] == "By your reminder plan: 3 days before."
    assert reached.get(f"/v1/reminders/{row['reminder_id']}").json == row


def test_due_dates_mean_the_same_in_bills_reminders_and_what_is_coming(reached: Person) -> None:
    a_saturday, the_monday_after = "2027-03-06", "2027-03-08"
    shift = {"country": "GB", "if_not_working_day": "next"}
    address = add(reached, first_due=a_saturday, repeats=None, **shift)
    remind(reached, NOON + 4 * DAY)
    bill = reached.get(address).json
    (row,) = reached.get("/v1/reminders").json["reminders"]
    (coming, *_) = reached.get("/v1/reminders/upcoming").json["reminders"]
    for each in (bill["next"], row, coming):
        assert (each["due_on"], each["nominal_due_on"]) == (the_monday_after, a_saturday)
    reached.call("DELETE", address)
    (row,) = reached.get("/v1/reminders").json["reminders"]
    assert row["due_on"] == row["nominal_due_on"] == a_saturday


def test_one_that_did_not_go_out_says_why_not(person: Person) -> None:
    etag = person.get("/v1/settings").etag
    person.patch("/v1/settings", {"plan": {"channels": [{"channel": "sms"}]}}, etag)
    add(person)
    remind(person, NOON + 1 * DAY)
    (row,) = person.get("/v1/reminders?state=skipped").json["reminders"]
    assert row["reason"] == "no_address"
    assert row["outcome"].startswith("Not sent")


def test_those_of_a_digest_name_the_message_that_they_travelled_in(reached: Person) -> None:
    add(reached, name="one")
    add(reached, name="two")
    remind(reached, NOON + 1 * DAY)
    rows = reached.get("/v1/reminders").json["reminders"]
    assert {row["state"] for row in rows} == {"claimed", "in_digest"}
    assert len({row["message_id"] for row in rows}) == 1
    assert len({row["outcome"] for row in rows}) == 1


def test_the_history_goes_on_where_its_cursor_says(reached: Person) -> None:
    for name in ("one", "two", "three"):
        add(reached, name=name)
    remind(reached, NOON + 1 * DAY)
    first = reached.get("/v1/reminders?limit=2").json
    last = reached.get(f"/v1/reminders?limit=2&cursor={first['next_cursor']}").json
    names = [row["name"] for row in (*first["reminders"], *last["reminders"])]
    assert sorted(names) == ["one", "three", "two"]
    assert last["next_cursor"] is None


def test_the_history_of_a_deleted_bill_stays(reached: Person) -> None:
    address = add(reached)
    remind(reached, NOON + 1 * DAY)
    reached.call("DELETE", address)
    (row,) = reached.get("/v1/reminders").json["reminders"]
    assert row["name"] is None


def test_what_is_coming_minds_a_pause(reached: Person) -> None:
    add(reached)
    reached.patch("/v1/settings", {"paused_until": "2027-03-03"}, "*")
    coming = reached.get("/v1/reminders/upcoming?days=7").json["reminders"]
    assert [(each["trigger"], each["at"]) for each in coming if each["goes_out"]] == [
        ("lead:1", "2027-03-04T09:00:00Z"),
        ("lead:0", "2027-03-05T09:00:00Z"),
        ("overdue:1", "2027-03-06T09:00:00Z"),
    ]


def test_what_is_coming_says_how_far_its_list_reaches(reached: Person) -> None:
    add(reached, repeats={"unit": "day"}, plan={"lead_days": [0], "overdue_days": []})
    whole = reached.get("/v1/reminders/upcoming?days=90").json
    assert (whole["until"], whole["more"]) == ("2027-05-30T12:00:00Z", False)
    days = list(range(15))
    for name in ("one", "two", "three", "four", "five", "six"):
        add(reached, name=name, repeats={"unit": "day"}, plan={"lead_days": days})
    cut = reached.get("/v1/reminders/upcoming?days=90").json
    assert (len(cut["reminders"]), cut["more"]) == (200, True)
    assert cut["until"] == cut["reminders"][-1]["at"] < whole["until"]


def test_settings_show_what_they_lead_to_on_each_channel(reached: Person) -> None:
    add(reached)
    following = reached.get("/v1/settings").json["next_reminders"]
    assert following["sms"]["at"] == "2027-03-02T09:00:00Z"
    assert following["push"] is following["email"] is None


def test_a_kind_of_bill_may_have_a_plan_of_its_own(reached: Person) -> None:
    change = {"kind_plans": {"card": {"lead_days": [2], "remind_at": "18:30"}}}
    settings = reached.patch("/v1/settings", change, "*").json
    assert settings["effective_plans"]["card"]["lead_days"] == [2]
    assert settings["effective_plans"]["rent"]["lead_days"] == [3, 1, 0]
    planned = reached.get(add(reached)).json["planned_reminders"]
    assert planned[0]["at"] == "2027-03-03T18:30:00Z"
    gone = reached.patch("/v1/settings", {"kind_plans": {"card": None}}, "*").json
    assert gone["kind_plans"] == {}


def test_feedback_stands_with_its_reminder_and_can_be_changed(
    reached: Person, set_clock: SetClock
) -> None:
    add(reached)
    remind(reached, NOON + 1 * DAY)
    (row,) = reached.get("/v1/reminders").json["reminders"]
    address = f"/v1/reminders/{row['reminder_id']}/feedback"
    said = reached.call("PUT", address, {"timing": "too_early", "suggestion": "Shorter."}).json
    assert said["feedback"]["timing"] == "too_early"
    reached.call("PUT", address, {"useful": True})
    (row,) = reached.get("/v1/reminders").json["reminders"]
    assert (row["feedback"]["timing"], row["feedback"]["useful"]) == (None, True)
    assert reached.call("PUT", address, {}).faults().keys() == {"timing"}
    for words in ("\u200b", "Lost \ufffd", "CafÃ©", "\ue000", "see https://pay.example"):
        refused = reached.call("PUT", address, {"useful": True, "suggestion": words})
        assert refused.faults().keys() == {"suggestion"}
    for _ in range(2):
        taken_back = reached.call("DELETE", address)
        assert (taken_back.status, taken_back.json["feedback"]) == (200, None)
