"""Asking again while an error may pass."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from bill_reminders.storage.patience import again_while


def _asked(*, attempts: int, fails: Iterator[BaseException | None]) -> list[int]:
    asked: list[int] = []

    def call() -> list[int]:
        asked.append(len(asked))
        if (failure := next(fails)) is not None:
            raise failure
        return asked

    def passes(error: BaseException) -> bool:
        return isinstance(error, TimeoutError)

    try:
        return again_while(call, passes, first_pause=0, attempts=attempts, seconds=60)
    except OSError:
        return [*asked, -1]


@pytest.mark.parametrize("failures", range(6))
def test_it_is_asked_until_it_answers_or_the_attempts_are_over(failures: int) -> None:
    fails: list[BaseException | None] = [*[TimeoutError()] * failures, None]
    expected = list(range(failures + 1)) if failures < 4 else [0, 1, 2, 3, -1]
    assert _asked(attempts=4, fails=iter(fails)) == expected


@pytest.mark.parametrize("before", range(3))
def test_what_does_not_pass_is_raised_at_once(before: int) -> None:
    fails: list[BaseException | None] = [*[TimeoutError()] * before, ConnectionError(), None]
    assert _asked(attempts=9, fails=iter(fails)) == [*range(before + 1), -1]


def test_the_last_error_is_raised() -> None:
    first, last = TimeoutError("first"), TimeoutError("last")
    fails = iter([first, last])

    def call() -> None:
        raise next(fails)

    with pytest.raises(TimeoutError, match="last"):
        again_while(call, lambda error: True, first_pause=0, attempts=2, seconds=60)


def test_the_library_is_loaded_by_who_must_wait_alone() -> None:
    program = (
        "import sys\n"
        "from bill_reminders.storage import transactions\n"
        "from bill_reminders.delivery import claims\n"
        "assert 'tenacity' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
