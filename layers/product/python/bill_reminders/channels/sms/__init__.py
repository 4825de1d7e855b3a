"""SMS, through SNS."""
