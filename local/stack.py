"""The product's stack on the local engine: the template that is deployed to AWS, built and
deployed by the same commands."""

import fcntl
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Any

import boto3

from bill_reminders import clock
from bill_reminders.delivery.depth import DEPTHS
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.binding import bind_all
from local import engine
from local.front import front

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
BUILT = ROOT / ".aws-sam" / "build"
MADE_FROM = BUILT / "made-from"
"""Says what `sam build` built from; whoever runs it by hand takes the file away with the rest."""
NAME = "bill-reminders-local"
FEW_WORKERS = {f"{channel.value.capitalize()}Concurrency": 2 for channel in Channel}
"""Each is a process of its own, and this machine is one."""
PLENTY = {"ApiRequestsPerIdentity": 1_000_000}
"""The tests of the API make more calls in five minutes than a person does."""
LOCAL_ORIGIN = "http://localhost:3000"
"""Of a front end under development."""
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
LOCAL_PASSWORD = "Only-on-this-machine-1"


class CommandFailed(RuntimeError):
    """A build or deploy command failed; the message holds the end of its output."""


@dataclass(frozen=True)
class Sent:
    """A message as the engine's outbox holds it."""

    channel: Channel
    address: str
    text: str
    provider_id: str


class Stack:
    """A deployed local stack: its parts by name, its clock, its outboxes."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        described = boto3.client("cloudformation").describe_stacks(StackName=NAME)
        self.outputs: dict[str, str] = {
            output["OutputKey"]: output["OutputValue"]
            for output in described["Stacks"][0]["Outputs"]
        }
        bind_all(self.outputs)
        os.environ[clock.OFFSET_VARIABLE] = self.outputs["ClockOffsetParameter"]

    def resources(self) -> set[str]:
        """The logical ids of everything that was deployed."""
        described = boto3.client("cloudformation").describe_stack_resources(StackName=NAME)
        return {resource["LogicalResourceId"] for resource in described["StackResources"]}

    @cached_property
    def push_application(self) -> str:
        """The application for app push on Google's platform."""
        return make_push_application("GCM")

    @property
    def api(self) -> str:
        """Where the HTTP API is found; /v1 comes after it."""
        return f"{self.endpoint}/_aws/execute-api/{self.outputs['ApiId']}"

    def token(self, email: str) -> str:
        """A good token of somebody who signs in, whom this makes when there is nobody yet."""
        cognito = boto3.client("cognito-idp")
        pool, client = self.outputs["UserPoolId"], self.outputs["UserPoolClientId"]
        known = cognito.list_users(UserPoolId=pool, Filter=f'email = "{email}"')["Users"]
        if not known:
            cognito.admin_create_user(
                UserPoolId=pool,
                Username=email,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            )
            cognito.admin_set_user_password(
                UserPoolId=pool, Username=email, Password=LOCAL_PASSWORD, Permanent=True
            )
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": LOCAL_PASSWORD},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    def verify_sender(self) -> None:
        """Do what the owner of a domain does once: let SES send from it."""
        boto3.client("sesv2").create_email_identity(EmailIdentity=self.outputs["EmailIdentity"])

    def set_clock(self, instant: datetime) -> None:
        """Move the stack's clock so that it is `instant` now, or less than a second later; it goes
        on running from there."""
        # The engine says to the second when an SMS came in. A fraction of one added to that would
        # let an answer come before its question.
        seconds = ceil((instant - datetime.now(UTC)).total_seconds())
        self._ssm.put_parameter(
            Name=self.outputs["ClockOffsetParameter"],
            Value=str(seconds),
            Type="String",
            Overwrite=True,
        )

    @contextmanager
    def paused(self, channel: Channel) -> Iterator[None]:
        """Close a channel's switch, as an administrator does in the console."""
        name = self.outputs["SwitchesParameter"]
        before = self._ssm.get_parameter(Name=name)["Parameter"]["Value"]
        closed = json.dumps({**json.loads(before), channel.value: "paused"})
        self._ssm.put_parameter(Name=name, Value=closed, Type="String", Overwrite=True)
        try:
            yield
        finally:
            self._ssm.put_parameter(Name=name, Value=before, Type="String", Overwrite=True)

    def tick(self) -> None:
        """Invoke find_due as its schedule does. Raises RuntimeError when it fails."""
        self._on_schedule("FindDue")

    def sweep(self) -> None:
        """Invoke settle as its schedule does. Raises RuntimeError when it fails."""
        self._on_schedule("Settle")

    def _on_schedule(self, function: str) -> None:
        event = {
            "source": "aws.events",
            "detail-type": "Scheduled Event",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "detail": {},
        }
        answer = self._lambda.invoke(
            FunctionName=self.outputs[f"{function}Function"], Payload=json.dumps(event).encode()
        )
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} failed: {answer['Payload'].read().decode()}")

    def held(self) -> int:
        """How many wake-ups lie in the queues, in flight or delayed."""
        return sum(self._count(f"{channel.value.capitalize()}QueueUrl") for channel in Channel)

    def receipts_held(self) -> int:
        """How many receipts lie in their queue, in flight or to come back."""
        return self._count("ReceiptsQueueUrl")

    def dead_letters(self) -> int:
        """How many wake-ups failed as often as they may."""
        return sum(
            self._count(f"{channel.value.capitalize()}DeadLettersUrl") for channel in Channel
        )

    def settle(self, seconds: float = 60) -> None:
        """Wait until every wake-up is worked off. Raises TimeoutError."""
        wait_until(lambda: self.held() == 0, seconds, "the queues did not empty")

    def _count(self, queue: str) -> int:
        attributes = self._sqs.get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=list(DEPTHS)
        )["Attributes"]
        return sum(int(count) for count in attributes.values())

    def peak_memory(self) -> dict[str, int]:
        """The most MB that each function took, by its name in the template; those that ran, and on
        Linux alone. The engine runs each in a process whose path bears the deployed name."""
        deployed_as = {
            value: key.removesuffix("Function")
            for key, value in self.outputs.items()
            if key.endswith("Function")
        }
        found: dict[str, int] = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                command = process.joinpath("cmdline").read_bytes().decode(errors="replace")
                status = process.joinpath("status").read_text()
                for name, function in deployed_as.items():
                    if f"-{name}-" in command and (most := _PEAK.search(status)):
                        found[function] = max(found.get(function, 0), int(most[1]) // 1024)
        return found

    def outbox(self) -> list[Sent]:
        """Every message that the engine accepted, from all providers."""
        sms = self._get("/_ministack/sns/sms-messages")["sms_messages"]
        mails = self._get("/_ministack/ses/messages")["messages"]
        return [
            Sent(
                Channel.PUSH if address.startswith("arn:") else Channel.SMS,
                address,
                record["Message"],
                record["MessageId"],
            )
            for address, records in sms.items()
            for record in records
        ] + [
            Sent(
                Channel.EMAIL,
                mail["To"][0],
                f"{mail['Subject']}\n{mail['BodyText']}",
                mail["MessageId"],
            )
            for account in mails.values()
            for mail in account
        ]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.endpoint + path, timeout=30) as answer:
            return json.load(answer)

    @cached_property
    def _ssm(self) -> Any:
        return boto3.client("ssm")

    @cached_property
    def _sqs(self) -> Any:
        return boto3.client("sqs")

    @cached_property
    def _lambda(self) -> Any:
        return boto3.client("lambda")


def wait_until(condition: Callable[[], object], seconds: float, otherwise: str) -> None:
    """Look until `condition` holds. Raises TimeoutError with the sentence `otherwise`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)


def make_push_application(platform: str) -> str:
    """What CloudFormation cannot make: the SNS application of an app on GCM or APNS."""
    answer = boto3.client("sns").create_platform_application(
        Name="demo", Platform=platform, Attributes={"PlatformCredential": "local"}
    )
    return str(answer["PlatformApplicationArn"])


@contextmanager
def deployed(port: int = 0, log: str = "engine.log", **parameters: object) -> Iterator[Stack]:
    """Build, start an engine, deploy with these parameters; yields the stack. AWS clients of this
    process talk to the engine meanwhile. Leaves nothing running.

    Other processes may have a stack of their own at the same time: each has its own engine, on
    ports of its own, and writes to the `log` in build/ that it names."""
    with front() as links, ExitStack() as leaving:
        with _alone():  # nor do two engines take the same free port
            build()
            endpoint = leaving.enter_context(engine.running(BUILD / log, port))
        before = dict(os.environ)
        os.environ.update(engine.environment(endpoint))
        os.environ.pop("AWS_PROFILE", None)
        try:
            _sam(
                *("deploy", "--config-env", "local", "--parameter-overrides", "Environment=local"),
                f"GooglePushApplicationArn={make_push_application('GCM')}",
                f"ApplePushApplicationArn={make_push_application('APNS')}",
                f"AllowedOrigins={LOCAL_ORIGIN}",
                f"LinkDomain={links.domain}",
                *(f"{name}={value}" for name, value in (FEW_WORKERS | PLENTY | parameters).items()),
            )
            stack = Stack(endpoint)
            links.target = stack.api
            stack.verify_sender()
            yield stack
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def _alone() -> Iterator[None]:
    """One process of this folder at a time; the others wait."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build() -> None:
    """`sam build`, which empties the folder at first: not while nothing has changed, for another
    process may be reading there."""
    made_from = _sources()
    if not MADE_FROM.exists() or MADE_FROM.read_text() != made_from:
        _sam("build", "--cached", "--parallel")
        MADE_FROM.write_text(made_from)


def _sources() -> str:
    """A hash of all that what is built depends on."""
    files = [ROOT / name for name in ("template.yaml", "samconfig.toml", "requirements-dev.txt")]
    for folder in ("functions", "layers"):
        files += sorted((ROOT / folder).rglob("*"))
    found = sha256(sys.version.encode())
    for file in files:
        if file.is_file() and file.parent.name != "__pycache__":
            content = file.read_bytes()
            found.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _sam(*arguments: str) -> None:
    # sam looks for the runtime's interpreter on the PATH, and the environment's has it
    binaries = Path(sys.executable).parent
    finished = subprocess.run(
        [str(binaries / "sam"), *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
            "SAM_CLI_TELEMETRY": "0",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise CommandFailed(f"sam {arguments[0]} failed:\n{finished.stdout[-3000:]}")
