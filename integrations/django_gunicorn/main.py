"""Django on gunicorn (WSGI), with the middleware in MIDDLEWARE and another policy for a view."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from crosscors.django import cross_origin

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_ALLOWED_ORIGINS=["https://app.example.com"],
    CORS_ALLOW_METHODS=["GET", "PUT"],
    CORS_ALLOW_HEADERS=["X-Token"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_PREFLIGHT_MAX_AGE=600,
)


@require_safe
def read_item(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"number": number})


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{number}\n" for number in range(3))


def error(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("nobody handles this")


@cross_origin(allow_origins="*")
def public(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for everyone")


urlpatterns = [
    path("items/<int:number>", read_item),
    path("stream", stream),
    path("error", error),
    path("public", public),
]
application = get_wsgi_application()
