"""When a provider that gave no answer is asked again: at once when it has answered somebody since,
else after a wait that grows."""

from datetime import UTC, datetime, timedelta

import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.storage.channels import LONGEST_WAIT, News

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def news(
    succeeded: timedelta | None = None, unanswered: timedelta | None = None, count: int = 0
) -> News:
    """By how long after NOW each was."""
    return News(
        Channel.SMS,
        None if succeeded is None else NOW + succeeded,
        None if unanswered is None else NOW + unanswered,
        count,
    )


@pytest.mark.parametrize(
    ("known", "is_good"),
    [
        (news(), False),
        (news(succeeded=-SECOND), False),
        (news(succeeded=0 * SECOND), False),
        (news(succeeded=SECOND), True),
        (news(succeeded=SECOND, unanswered=SECOND, count=1), False),
        (news(succeeded=SECOND, unanswered=MINUTE, count=1), False),
        (news(succeeded=MINUTE, unanswered=SECOND, count=1), True),
        (news(succeeded=SECOND, unanswered=-MINUTE, count=1), True),
        (news(unanswered=SECOND, count=1), False),
    ],
)
def test_news_is_good_when_the_last_word_since_is_a_success(known: News, is_good: bool) -> None:
    assert known.is_good(since=NOW) is is_good


@pytest.mark.parametrize(
    ("count", "minutes"), [(0, 10), (1, 10), (2, 20), (3, 40), (4, 80), (5, 120), (10**6, 120)]
)
def test_the_wait_grows_with_each_message_without_an_answer(count: int, minutes: int) -> None:
    known = news(unanswered=0 * SECOND, count=count)
    assert known.trial_at == NOW + minutes * MINUTE
    assert timedelta(hours=2) == LONGEST_WAIT


def test_nobody_waits_where_nothing_is_known_or_the_last_word_was_good() -> None:
    assert news().trial_at is None
    assert news(succeeded=SECOND).trial_at is None
    assert news(succeeded=MINUTE, unanswered=SECOND, count=5).trial_at is None
    assert news(succeeded=SECOND, unanswered=MINUTE, count=1).trial_at == NOW + 11 * MINUTE
