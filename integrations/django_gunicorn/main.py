"""Django on gunicorn (WSGI): the settings of django-cors-headers, and one view with its own policy."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from crosscors.django import cross_origin

settings.configure(
    ALLOWED_HOSTS=[".localhost", "127.0.0.1"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_ALLOWED_ORIGINS=["https://app.example.com", "http://localhost:*"],
    CORS_ALLOW_METHODS=["GET", "PUT"],
    CORS_ALLOW_HEADERS=["X-Token"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_EXPOSE_HEADERS=["X-Request-Id"],
    CORS_PREFLIGHT_MAX_AGE=600,
)


@require_http_methods(["GET", "HEAD", "PUT"])
def item(request: HttpRequest, number: int) -> HttpResponse:
    if request.method == "PUT":
        return JsonResponse({"number": number})
    return JsonResponse({"number": number}, headers={"X-Request-Id": f"item-{number}"})


def events(_request: HttpRequest) -> StreamingHttpResponse:
    def numbers() -> Iterator[str]:
        for number in range(3):
            yield f"data: {number}\n\n"
            time.sleep(0.1)

    return StreamingHttpResponse(numbers(), content_type="text/event-stream")


@require_http_methods(["PUT"])
def upload(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"bytes": len(request.read())})  # request.body has a size limit


def login(_request: HttpRequest) -> HttpResponse:
    response = JsonResponse({"user": "ada"})
    response.set_cookie("user", "ada", httponly=True)
    return response


def me(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": request.COOKIES.get("user")})


def redirect(_request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/items/1")


def error(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("nobody handles this")


@cross_origin(allow_origins="*")
def public(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for everyone")


urlpatterns = [
    path("items/<int:number>", item),
    path("events", events),
    path("upload", upload),
    path("login", login),
    path("me", me),
    path("redirect", redirect),
    path("error", error),
    path("public", public),
]
application = get_wsgi_application()
