"""Asking a busy table again, with pauses that grow and differ from one caller to the next."""

from collections.abc import Callable


def again_while[T](
    call: Callable[[], T],
    passes: Callable[[BaseException], bool],
    *,
    first_pause: float,
    attempts: int,
    seconds: float,
) -> T:
    """What `call` answers, asked up to `attempts` times while its error `passes`.

    `first_pause` in seconds is the most that is waited before the second time; it doubles up to a
    second. After so many `seconds` it is not asked again. Raises its last error.
    """
    try:
        return call()
    except Exception as error:
        if not passes(error):
            raise
        failures = [error]

    # most functions never meet a busy table, so they need not wait for this to load
    from tenacity import (  # noqa: PLC0415
        Retrying,
        retry_if_exception,
        stop_after_attempt,
        stop_after_delay,
        wait_random_exponential,
    )

    def attempt() -> T:
        if failures:  # the first attempt is over
            raise failures.pop()
        return call()

    retries = Retrying(
        retry=retry_if_exception(passes),
        wait=wait_random_exponential(multiplier=first_pause, max=1),
        stop=stop_after_attempt(attempts) | stop_after_delay(seconds),
        reraise=True,
    )
    return retries(attempt)
