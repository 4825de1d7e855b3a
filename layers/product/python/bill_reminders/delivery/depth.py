"""How many messages a queue holds."""

from typing import Any

DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def held(sqs: Any, queue_url: str) -> int:
    """About how many, those that are being worked on or come later among them. One call. Raises
    what AWS answers."""
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=list(DEPTHS))
    return sum(int(answer["Attributes"][name]) for name in DEPTHS)
