"""What whoever runs a stack does from a command line: python -m bill_reminders.cli."""
