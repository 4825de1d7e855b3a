"""The template's alarms: what each says, what it rests on, and that it is played."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from bill_reminders import metrics
from tests.api import test_alarms as by_requests
from tests.chaos import alarm_plays as by_machines
from tests.support.alarms import (
    ALARM,
    EVERYTHING,
    OK,
    UNSURE,
    Alarm,
    alarms,
    composites,
    parts_of,
    rings,
)
from tests.support.alarms import resources as of_type
from tests.support.runbook import pages
from tests.support.template import rendered
from tests.support.watch import Point, Series

ALL = alarms()
KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
PROPERTIES = {name: part["Properties"] for kind in KINDS for name, part in of_type(kind).items()}
WRITTEN_ELSEWHERE = {
    ("AWS/ApiGateway", "5xx"),
    ("AWS/CertificateManager", "DaysToExpiry"),
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "Invocations"),
    ("AWS/SES", "Reputation.BounceRate"),
    ("AWS/SES", "Reputation.ComplaintRate"),
    ("AWS/SNS", "SMSMonthToDateSpentUSD"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
}
"""By AWS, for nothing."""

MISSING = {
    "NoTickAlarm": "breaching",
    "NoSweepAlarm": "breaching",
    "SmsSpend80Alarm": "ignore",
    "SmsSpend90Alarm": "ignore",
    "BouncesAlarm": "ignore",
    "ComplaintsAlarm": "ignore",
    "CertificateAlarm": "ignore",
}
"""What silence means; everywhere else that nothing happened."""


@pytest.mark.parametrize("name", PROPERTIES)
def test_an_alarm_says_in_a_sentence_what_happened_and_names_its_page(name: str) -> None:
    said, _, anchor = PROPERTIES[name]["AlarmDescription"].partition(" See docs/runbook.md#")
    assert re.fullmatch(r"[A-Za-z0-9].{20,130}\.", said), said
    page = pages()[anchor]
    for part in ("**What it means.**", "**How to see it.**", "```sh\n", "**What to do.**"):
        assert part in page, part


def test_every_alarm_of_the_template_is_played() -> None:
    """Each rings in a trouble that is lived through, and is quiet again when it is over."""
    played = [*by_machines.PLAYS, *by_requests.PLAYS]
    assert sorted(played) == sorted(ALL), "write a play for a new alarm"
    assert set(composites()) == {"NotGoingOutAlarm"}, "tests/chaos/test_alarms.py plays its parts"


def test_every_page_is_of_an_alarm() -> None:
    named = {each["AlarmDescription"].rpartition("#")[2] for each in PROPERTIES.values()}
    assert set(pages()) - named == {
        *("restore-from-a-backup", "alarms", "why-did-she-not-get-it"),
    }


def test_every_link_of_the_runbook_leads_to_a_page() -> None:
    linked = {anchor for text in pages().values() for anchor in re.findall(r"\(#([\w-]+)\)", text)}
    assert linked <= set(pages())
    assert linked


def test_commands_of_the_runbook_name_what_is_deployed() -> None:
    """`name X`, `held X`, `log X` and `counts X` of the section of alarms."""
    resources = rendered("prod", **EVERYTHING)["Resources"]
    rules = {f"{each}EveryMinute" for each in ("FindDue", "Settle")}  # which SAM makes
    commands = [
        line
        for anchor, text in pages().items()
        if anchor != "restore-from-a-backup"
        for block in re.findall("```sh\n(.*?)```", text, re.S)
        for line in block.split("\n")
        if not re.match(r"\w+\(\)", line) and "$1" not in line
    ]
    asked = "\n".join(commands)
    names = {*re.findall(r"\$\(name (\w+)\)", asked)}
    assert names <= {*resources, *rules}, names
    held = {*re.findall(r"^held (\w+)", asked, re.M)}
    assert held <= {*resources}
    logs = {f"{each}Log" for each in re.findall(r"^log (\w+)", asked, re.M)}
    assert logs <= {*resources}
    counted = {*re.findall(r"^counts (\w+)", asked, re.M)}
    assert counted <= {*metrics.BY_CHANNEL, *metrics.WHOLE, *metrics.SIGNALS}
    assert min(map(len, (names, held, logs, counted))) > 2


@pytest.mark.parametrize("name", ALL)
def test_an_alarm_rests_on_a_number_that_is_written(name: str) -> None:
    series = ALL[name].series
    if series.namespace != metrics.NAMESPACE:
        assert series[:2] in WRITTEN_ELSEWHERE
        return
    if series.name in metrics.BY_CHANNEL:
        assert {dimension for dimension, _ in series.dimensions} == {"channel"}
        return
    assert series.name in metrics.WHOLE or series.name in metrics.SIGNALS
    assert not series.dimensions


def test_every_signal_has_its_alarm() -> None:
    ours = {each.series.name for each in ALL.values() if each.series.namespace == "BillReminders"}
    assert set(metrics.SIGNALS) <= ours


COUNTERS = {
    name for name, what in metrics.BY_CHANNEL.items() if not re.match("1 (while|for)", what)
}


@pytest.mark.parametrize("name", ALL)
def test_no_alarm_rests_on_a_counter(name: str) -> None:
    assert ALL[name].series.name not in COUNTERS


@pytest.mark.parametrize("name", ALL)
def test_missing_data_are_treated_on_purpose(name: str) -> None:
    assert ALL[name].missing == MISSING.get(name, "notBreaching")


@pytest.mark.parametrize("name", ALL)
def test_cloudwatch_takes_the_periods_of_an_alarm(name: str) -> None:
    """A day at most, or a week of periods of an hour or longer."""
    alarm = ALL[name]
    most = timedelta(days=7 if alarm.period >= timedelta(hours=1) else 1)
    assert alarm.period * alarm.periods <= most
    assert alarm.period in (
        timedelta(minutes=1),
        *(timedelta(minutes=5) * n for n in range(1, 289)),
    )
    assert 1 <= alarm.to_alarm <= alarm.periods


def test_spend_alarms_are_at_the_amounts_of_the_parameters() -> None:
    found = alarms(SmsSpend80="40", SmsSpend90="45")
    assert (found["SmsSpend80Alarm"].threshold, found["SmsSpend90Alarm"].threshold) == (40, 45)


# Whom alarms reach -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROPERTIES)
@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"AlarmEmail": "", "AlarmTopicArn": ""}, []),
        ({"AlarmEmail": "", "AlarmTopicArn": "arn:of-ours"}, [{"Ref": "AlarmTopicArn"}]),
        ({"AlarmEmail": "ops@example.com", "AlarmTopicArn": ""}, [{"Ref": "Alarms"}]),
        (
            {"AlarmEmail": "ops@example.com", "AlarmTopicArn": "arn:of-ours"},
            [{"Ref": "AlarmTopicArn"}, {"Ref": "Alarms"}],
        ),
    ],
)
def test_an_alarm_reaches_whom_the_parameters_name(
    name: str, parameters: dict[str, str], told: list[dict[str, str]]
) -> None:
    resources = rendered("prod", **EVERYTHING | parameters)["Resources"]
    assert resources[name]["Properties"]["AlarmActions"] == told


def test_an_address_makes_a_topic_to_which_alarms_alone_may_publish() -> None:
    resources = rendered("prod", AlarmEmail="ops@example.com")["Resources"]
    (subscription,) = resources["Alarms"]["Properties"]["Subscription"]
    assert subscription == {"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}
    (statement,) = resources["AlarmsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "Alarms" not in rendered("prod")["Resources"]


def test_the_composite_alarm_is_left_out_of_a_local_stack_alone() -> None:
    assert set(composites()) == {"NotGoingOutAlarm"}
    assert "NotGoingOutAlarm" in rendered("dev")["Resources"]
    assert "NotGoingOutAlarm" not in rendered("local")["Resources"]


def test_the_composite_alarm_is_made_of_alarms_that_are_there() -> None:
    (rule,) = composites().values()
    assert set(parts_of(rule)) <= set(ALL)
    assert len(parts_of(rule)) == 8


# The evaluator -----------------------------------------------------------------------------------

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SERIES = Series("BillReminders", "Trouble")


def alarm(**changes: object) -> Alarm:
    known = {
        "Namespace": "BillReminders",
        "MetricName": "Trouble",
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    return Alarm.of("one", known | changes, {})


def states(one: Alarm, *values: tuple[float, float], series: Series = SERIES) -> list[str]:
    """Of five periods from nine o'clock, with values at so many minutes after it."""
    points = [Point(NINE + at * MINUTE, series, value) for at, value in values]
    return [state for _, state in one.states(points, NINE, NINE + 25 * MINUTE)]


def test_m_of_n_periods_ring() -> None:
    assert states(alarm(), (0, 2), (12, 1), (13, 1)) == [OK, OK, ALARM, OK, OK]
    assert states(alarm(), (0, 2), (16, 2)) == [OK] * 5
    assert states(alarm(DatapointsToAlarm=1), (6, 2)) == [OK, ALARM, ALARM, ALARM, OK]


@pytest.mark.parametrize(
    ("statistic", "rings"),
    [("Sum", True), ("Maximum", False), ("Minimum", False), ("Average", False),
     ("SampleCount", True)],
)  # fmt: skip
def test_each_statistic_is_of_one_period(statistic: str, rings: bool) -> None:
    one = alarm(Statistic=statistic, EvaluationPeriods=1, DatapointsToAlarm=1)
    assert (ALARM in states(one, (0, 1), (4.9, 1))) == rings
    assert ALARM not in states(one, (0, 1), (5, 1))


@pytest.mark.parametrize(
    ("operator", "rings"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_each_comparison(operator: str, rings: list[bool]) -> None:
    one = alarm(ComparisonOperator=operator, EvaluationPeriods=1, DatapointsToAlarm=1)
    assert [ALARM in states(one, (0, value)) for value in (1, 2, 3)] == rings


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ("notBreaching", [ALARM, OK, OK, OK, ALARM]),
        ("breaching", [ALARM] * 5),
        ("ignore", [ALARM] * 5),
        ("missing", [ALARM, UNSURE, UNSURE, UNSURE, ALARM]),
    ],
)
def test_each_way_to_treat_missing_data(missing: str, wanted: list[str]) -> None:
    one = alarm(TreatMissingData=missing, EvaluationPeriods=1, DatapointsToAlarm=1)
    assert states(one, (0, 2), (20, 2)) == wanted


def test_how_many_letters_lie_in_a_queue_would_hide_the_next() -> None:
    """Why settle counts those that arrive: AWS has no metric of letters that a queue moves."""
    held = alarm(Statistic="Maximum", EvaluationPeriods=1, DatapointsToAlarm=1, Threshold=1)
    lying = [Point(NINE + n * MINUTE, SERIES, 1 if n < 12 else 2) for n in range(25)]
    assert len(rings(held, lying, NINE, NINE + 25 * MINUTE)) == 1


def test_values_of_other_dimensions_are_of_another_metric() -> None:
    one = alarm(Dimensions=[{"Name": "channel", "Value": "sms"}], DatapointsToAlarm=1)
    of_sms = Series("BillReminders", "Trouble", frozenset({("channel", "sms")}))
    of_push = Series("BillReminders", "Trouble", frozenset({("channel", "push")}))
    assert ALARM in states(one, (0, 2), series=of_sms)
    assert ALARM not in states(one, (0, 2), series=of_push)
    assert ALARM not in states(one, (0, 2))
    assert ALARM not in states(alarm(DatapointsToAlarm=1), (0, 2), series=of_sms)
