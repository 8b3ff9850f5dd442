"""The one policy of the demo; both APIs are guarded by it."""

from __future__ import annotations

from crosscors import CORSPolicy

# The environment variable that tells the APIs where the page is served.
PAGE_ORIGIN = "CROSSCORS_DEMO_PAGE_ORIGIN"


def demo_policy(page_origin: str) -> CORSPolicy:
    """The policy that allows pages of this origin, and no others."""
    return CORSPolicy(
        allow_origins=[page_origin],
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["X-Client"],
        allow_credentials=True,
        expose_headers=["X-Item-Count"],
        max_age=0,  # so that every run shows its preflights in the browser's network panel
    )
