"""The same application for WSGI, ASGI, Flask and Django. Its policy follows Redis."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from flask import Flask

import crosscors.asgi
import crosscors.wsgi
from crosscors.flask import CORS
from crosscors.live import follow_redis

live = follow_redis(os.environ["REDIS_URL"], snapshot=os.environ.get("SNAPSHOT"))


def state() -> bytes:
    """What the worker is, and what it serves."""
    threads = [thread.name for thread in threading.enumerate() if "follows" in thread.name]
    served = live.published
    return json.dumps(
        {
            "pid": os.getpid(),
            "version": served.version,
            "changed_at": served.changed_at,
            "threads": len(threads),
        }
    ).encode()


def plain_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [state()]


async def plain_asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": state()})


wsgi = crosscors.wsgi.CORSMiddleware(plain_wsgi, policy=live)
asgi = crosscors.asgi.CORSMiddleware(plain_asgi, policy=live)

flask = Flask(__name__)
CORS(flask, policy=live)
flask.add_url_rule("/", view_func=state)


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(state())


settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["crosscors.django.CORSMiddleware"],
    CORS_POLICY=live,
)
urlpatterns = [path("", view)]
django = get_wsgi_application()
