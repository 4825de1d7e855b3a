"""What a function logs, to be read by a test."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any


@contextmanager
def logged(logger: Any) -> Iterator[StringIO]:
    """The lines of a Powertools logger and of its children meanwhile."""
    lines = StringIO()
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    usual = handler.setStream(lines)
    try:
        yield lines
    finally:
        handler.setStream(usual)
