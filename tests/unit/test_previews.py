"""The gallery of messages shows all of them."""

import pytest

from bill_reminders.domain.people import Language
from local.previews import page, shown


@pytest.mark.parametrize("language", Language)
def test_every_case_is_written_for_every_channel(language: Language) -> None:
    cases = list(shown(language))
    assert len(cases) > 12
    for case in cases:
        assert all(1 <= text.segments <= 2 for text in case.sms), case.name
        assert case.email is not None, case.name
        assert (case.push is None) == (case.name == "a code")


def test_the_gallery_runs_nothing_and_loads_nothing() -> None:
    written = page()
    assert "<script" not in written
    assert "src=" not in written
