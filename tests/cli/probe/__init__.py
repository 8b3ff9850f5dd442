"""``crosscors probe``."""
