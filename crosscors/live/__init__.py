"""Policies that change while the application runs.

from crosscors.live import follow_file, follow_redis

app = CORSMiddleware(app, policy=follow_redis("redis://localhost:6379"))
"""

from crosscors.live.file import follow_file
from crosscors.live.following import FollowedPolicy
from crosscors.live.redis import follow_redis, push_redis

__all__ = ["FollowedPolicy", "follow_file", "follow_redis", "push_redis"]
