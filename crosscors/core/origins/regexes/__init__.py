"""What a regular expression can match: proved, not tried."""
