"""Reminders for bills, in time and once.

Zone rules come from the pinned `tzdata` package alone: the machine's own files may be years older,
and a zone that changed its mind would then move every reminder by an hour.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
