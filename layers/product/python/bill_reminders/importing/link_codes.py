"""Codes with which imported people join their accounts, as a file for the biller's letters."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from bill_reminders.storage import identities, link_codes


def write_link_codes(path: Path, user_ids: Iterable[str], *, now: datetime) -> None:
    """Write `user_id,link_code` for everyone whom nobody signs in to yet. The file is the only
    place that holds the codes, and is made readable for its owner alone."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("user_id", "link_code"))
        for user_id in user_ids:
            if identities.signed_in_as(user_id) is None:
                writer.writerow((user_id, link_codes.create(user_id, now=now)))
