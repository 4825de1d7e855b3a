"""What schedules say they were planned by is what is pinned."""

import re

from bill_reminders.planned_by import CALENDARS
from tests.support.template import ROOT


def test_it_names_the_pinned_calendars() -> None:
    pinned = (ROOT / "layers/dependencies/requirements.txt").read_text()
    versions = dict(re.findall(r"^(tzdata|holidays)==(\S+)", pinned, re.MULTILINE))
    said = f"tzdata {versions['tzdata']}, holidays {versions['holidays']}"
    assert said == CALENDARS, "planned_by.CALENDARS names them; users then have to be planned again"
