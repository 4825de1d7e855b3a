"""App push, through SNS."""
