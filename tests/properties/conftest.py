"""The same examples on every run, and as many of them as a slow machine gets through in time."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "crosscors",
    derandomize=True,
    deadline=None,
    max_examples=500,
    # A slow machine is no fault of a test; nothing here filters much.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("crosscors")
