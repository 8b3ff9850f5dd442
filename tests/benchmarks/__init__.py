"""What crosscors costs, next to its peers and to the least that any middleware in Python costs.

Nothing in here asserts a time. Run them by hand, or with ``tox -e bench``::

    python -m tests.benchmarks                  # one request: the middleware alone
    python -m tests.benchmarks.memory           # what a policy weighs, and whether it grows
    python -m tests.benchmarks.end_to_end       # whole applications on real servers, under load
"""
