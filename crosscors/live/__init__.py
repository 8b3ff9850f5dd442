"""What keeps policies current while requests are served.

from crosscors.live import cached, follow_file, follow_redis

app = CORSMiddleware(app, policy=follow_redis("redis://localhost:6379"))

``LivePolicy`` itself is in ``crosscors``: ``from crosscors import LivePolicy``.
"""

from crosscors.live.caching import cached
from crosscors.live.file import follow_file
from crosscors.live.following import FollowedPolicy
from crosscors.live.redis import follow_redis, push_redis

__all__ = ["FollowedPolicy", "cached", "follow_file", "follow_redis", "push_redis"]
