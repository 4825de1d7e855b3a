"""What lies in the queues of a stack on moto."""

from moto.backends import get_backend

from tests.support.moto_stack import MotoStack


def waiting(stack: MotoStack, queue: str) -> list[str]:
    """The bodies in a queue, delayed ones too; it is empty afterwards."""
    backend = get_backend("sqs")["123456789012"]["us-east-1"]
    found = backend.get_queue(stack.ids[queue].rpartition("/")[2])
    bodies = [message.body for message in found._messages]
    found._messages.clear()
    return bodies
