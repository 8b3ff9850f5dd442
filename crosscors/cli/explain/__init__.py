"""``crosscors explain``: what a browser does with a request, step by step, and why."""
