"""``crosscors check``: what policies mean, what is wrong with them, and what could be better."""
