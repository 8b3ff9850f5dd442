"""The one policy of the demo, for both APIs."""

from __future__ import annotations

from crosscors import CORSPolicy

# The environment variable that tells the APIs the origin of the page.
PAGE_ORIGIN = "CROSSCORS_DEMO_PAGE_ORIGIN"


def demo_policy(page_origin: str) -> CORSPolicy:
    """A policy that allows only pages of this origin."""
    return CORSPolicy(
        allow_origins=[page_origin],
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=["X-Client"],
        allow_credentials=True,
        expose_headers=["X-Item-Count"],
        max_age=0,  # so that every run shows its preflights in the browser's network panel
    )
