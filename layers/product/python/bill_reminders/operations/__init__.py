"""What an administrator does to a deployed stack, by command."""
