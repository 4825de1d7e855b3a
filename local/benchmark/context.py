"""What Lambda hands to a handler beside its event, when the handler is called to be measured."""


class Context:
    """With as much time left as nobody needs."""

    function_name = "measured"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:measured"
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000
