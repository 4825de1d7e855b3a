"""make serve: a local stack with the sample in it, until Ctrl-C."""

import os
import signal
from contextlib import ExitStack

from rich.console import Console

from local import sample
from local.console import drawn
from local.stack import BUILD, NAME, ROOT, Stack, deployed

PORT = 4566
NEWCOMER = "newcomer@example.com"
ENVIRONMENT = BUILD / "api.env"


def main() -> None:
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as leaving:
            with console.status("building and deploying the stack on this machine"):
                port = int(os.environ.get("PORT", PORT))
                stack = leaving.enter_context(deployed(port))
            sample.load(stack)
            _let_in(stack)
            page = leaving.enter_context(drawn(stack.outputs["DashboardName"]))
            _explain(console, stack, page)
            signal.pause()
    except KeyboardInterrupt:
        console.print("stopped, nothing is left running")


def _let_in(stack: Stack) -> None:
    """Somebody who is ready to call the API: what they need stands in a file to source."""
    lines = {"ENGINE": stack.endpoint, "API": stack.api, "TOKEN": stack.token(NEWCOMER)}
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    ENVIRONMENT.write_text("".join(f"export {name}='{value}'\n" for name, value in lines.items()))


def _explain(console: Console, stack: Stack, dashboard: str) -> None:
    console.print(
        f"""[bold green]The stack {NAME} is up at {stack.endpoint}[/bold green] and ticks every \
minute.

Call its HTTP API in another terminal, as {NEWCOMER}, for an hour:
  source {ENVIRONMENT.relative_to(ROOT)}
  curl -s "$API/v1/setup" -H "Authorization: Bearer $TOKEN"
Read about it: {stack.api}/v1/docs

See what administrators see, and ask why somebody was or was not reminded: {dashboard}

Talk to it with any AWS client:
  export AWS_ENDPOINT_URL={stack.endpoint} AWS_DEFAULT_REGION={os.environ["AWS_REGION"]}
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Import your own files, look at what went out, move its clock, pause a channel:
  make import STACK={NAME} USERS=users.csv BILLS=bills.csv
  curl -s {stack.endpoint}/_ministack/sns/sms-messages
  curl -s {stack.endpoint}/_ministack/ses/messages
  aws ssm put-parameter --overwrite --name {stack.outputs["ClockOffsetParameter"]} --value 86400
  aws ssm put-parameter --overwrite --name {stack.outputs["SwitchesParameter"]} \\
      --value '{{"sms": "paused", "push": "open", "email": "open"}}'

Tables: {", ".join(stack.outputs[f"{name}Table"] for name in TABLES)}
Ctrl-C stops it.""",
        highlight=False,
        soft_wrap=True,
    )


TABLES = ("Schedules", "Users", "Bills", "Ledger")

if __name__ == "__main__":
    main()
