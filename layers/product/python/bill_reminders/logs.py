"""What a log line may say of an error."""

import traceback
from pathlib import Path


def where(error: Exception) -> list[str]:
    """The lines that led to an error, innermost last, and no word of its text: what a library
    says of a value that it cannot take may repeat an address."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-5:]]
