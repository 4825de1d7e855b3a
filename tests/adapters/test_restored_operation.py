"""Whoever restored the tables says before which instant nobody knows what was sent."""

import json

import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, NOT_DONE
from bill_reminders.delivery import switches
from tests.adapters.conftest import SetClock
from tests.support.entered import NINE
from tests.support.moto_stack import STACK, MotoStack

PAUSED = {"sms": "paused", "push": "open", "email": "paused"}


@pytest.fixture(autouse=True)
def _paused(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(NINE)
    put(stack, json.dumps(PAUSED))


def put(stack: MotoStack, value: str) -> None:
    stack.client("ssm").put_parameter(
        Name=stack.ids["Switches"], Value=value, Type="String", Overwrite=True
    )


def found(stack: MotoStack) -> str:
    answer = stack.client("ssm").get_parameter(Name=stack.ids["Switches"])
    return str(answer["Parameter"]["Value"])


def run(*flags: str) -> int:
    return main(["restored", "--stack", STACK, *flags])


def refused(capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        run(*flags)
    assert stopped.value.code == NOT_DONE
    return capsys.readouterr().err


def test_the_instant_stands_beside_the_channels_which_stay_as_they_are(
    stack: MotoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--before", "2027-03-01T08:15Z") == GOOD
    assert json.loads(found(stack)) == PAUSED | {"unknown_before": "2027-03-01T08:15Z"}
    assert found(stack) in capsys.readouterr().out
    read = switches.parse(found(stack), "")
    assert [channel.value for channel in read.open] == ["push"]
    assert run("--before", "2027-03-01T08:30Z") == GOOD
    assert json.loads(found(stack)) == PAUSED | {"unknown_before": "2027-03-01T08:30Z"}
    assert run("--forget") == GOOD
    assert json.loads(found(stack)) == PAUSED


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2027-03-01", 'like "2027-03-05T12:34Z"'),
        ("2027-03-01T08:15+01:00", 'like "2027-03-05T12:34Z"'),
        ("08:15", 'like "2027-03-05T12:34Z"'),
        ("2027-03-01T09:06Z", "lies ahead"),
        ("2072-03-01T08:15Z", "lies ahead"),
    ],
)
def test_an_instant_that_is_none_or_lies_ahead_is_not_written(
    stack: MotoStack, capsys: pytest.CaptureFixture[str], instant: str, words: str
) -> None:
    assert words in refused(capsys, "--before", instant)
    assert json.loads(found(stack)) == PAUSED


@pytest.mark.parametrize("flags", [(), ("--forget", "--before", "2027-03-01T08:15Z")])
def test_it_is_said_what(capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]) -> None:
    assert "--before, or --forget" in refused(capsys, *flags)


@pytest.mark.parametrize("value", ["open", "7", "[1]", "null"])
def test_what_holds_no_switches_is_not_written_over(
    stack: MotoStack, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    put(stack, value)
    assert "put it right first" in refused(capsys, "--before", "2027-03-01T08:15Z")
    assert found(stack) == value
