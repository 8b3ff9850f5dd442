"""``crosscors probe``: what a running server lets the pages of other origins read."""
