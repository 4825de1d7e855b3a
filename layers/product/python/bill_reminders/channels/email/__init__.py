"""E-mail, through SES."""
