"""What keeps policies current while requests are served.

``LivePolicy`` itself is in ``crosscors``: ``from crosscors import LivePolicy``.
"""

from crosscors.live.caching import cached

__all__ = ["cached"]
