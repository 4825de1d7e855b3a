"""The curl lines of the README, run as they are printed."""

import json
import re
import subprocess
from pathlib import Path

from local import serve
from local.stack import ROOT, Stack


def curl_lines() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    return str(block)


def test_the_curl_lines_of_the_readme_work_as_printed(stack: Stack, tmp_path: Path) -> None:
    serve._let_in(stack)
    lines = curl_lines()
    assert "source build/api.env" in lines
    commands = re.findall(r'^curl -s "\$API', lines, re.MULTILINE)
    script = re.sub(r"^curl -s", "curl -s -w '\\\\n%{http_code}\\\\n'", lines, flags=re.MULTILINE)
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = finished.stdout.strip().split("\n")
    assert len(said) == 2 * len(commands), finished.stdout
    assert [int(status) for status in said[1::2]] == [200, 201, 201, 201, 200, 200]
    setup, account, contact, bill, upcoming, settings = map(json.loads, said[0::2])
    assert setup["next_step"] == "account"
    assert account["user_id"]
    assert contact["state"] == "pending"
    assert bill["status"] == "upcoming"
    assert upcoming["reminders"] is not None
    assert settings["time_zone"] == "Europe/London"
