"""What a reminder is and when it is due. Pure: no AWS, no clock, no environment."""
