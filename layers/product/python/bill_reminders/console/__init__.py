"""The administrator's console: what its widgets show and do, inside the AWS console."""
