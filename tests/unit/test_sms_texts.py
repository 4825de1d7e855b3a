"""make texts: what a deployer hands to a provider."""

import re
import sys

import pytest

from bill_reminders.channels.sms.registered import REMINDERS, Wording
from bill_reminders.domain.people import Language
from local import texts
from tests.support.sms_segments import counted
from tests.support.template import template


def rows(printed: str) -> list[list[str]]:
    lines = [line for line in printed.splitlines() if re.match(r"\| \d", line)]
    return [line.strip("| ").split(" | ") for line in lines]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *flags: str) -> str:
    monkeypatch.setattr(sys, "argv", ["texts", *flags])
    texts.main()
    return capsys.readouterr().out


def test_every_wording_is_listed_with_an_example_of_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = rows(run(capsys, monkeypatch, "--country", "CN", "--sender", "家庭账本"))
    assert len(listed) == len(Language) * (len(Wording) + len(REMINDERS))
    assert len({number for number, *_ in listed}) == len(listed)
    for number, wording, example, count in listed:
        gap = re.compile(r"(\\\{\d+\\\})")
        form = "".join(
            "(.+)" if gap.fullmatch(piece) else piece for piece in gap.split(re.escape(wording))
        )
        assert re.fullmatch(form, example), number
        assert wording.startswith("【家庭账本】")
        assert counted(example) == int(count) <= 2
        places = [int(place) for place in re.findall(r"\{(\d+)\}", wording)]
        assert places == list(range(1, len(places) + 1))


def test_india_gets_the_gaps_that_its_platforms_want(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run(capsys, monkeypatch, "--country", "IN", "--sender", "Lantern")
    assert "| 2 | Lantern: {#var#}, {#var#}, is due today ({#var#}). | Lantern: " in printed
    assert not re.search(r"\{\d", printed)


def test_without_a_country_all_that_register_are_listed_in_the_stacks_own_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run(capsys, monkeypatch)
    assert re.findall(r"^# (\w\w)$", printed, re.MULTILINE) == ["CN", "IN", "VN"]
    assert template()["Parameters"]["SenderName"]["Default"] == texts.SENDER
    assert all(texts.SENDER in wording for _, wording, *_ in rows(printed))
