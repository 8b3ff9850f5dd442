"""The same examples on every run; more of them with one version of Python than with the others."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "crosscors",
    derandomize=True,
    deadline=None,
    max_examples=int(os.environ.get("MAX_EXAMPLES", "100")),
    # A slow machine is no fault of a test; nothing here filters much.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("crosscors")
