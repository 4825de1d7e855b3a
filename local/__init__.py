"""The product on one machine: the engine that stands in for AWS, the demo, the server."""
