"""``crosscors demo``: two pages, two APIs, one policy, and your own browser to test them."""
