"""What a regular expression can match, proved rather than tried."""
