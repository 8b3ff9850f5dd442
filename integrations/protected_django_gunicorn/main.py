"""Django on gunicorn, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from crosscors import CORSRequest, CrossOriginProtection, Decision

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_RESOURCES={
        "/app/*": {
            "allow_origins": ["http://app.localhost:*"],
            "allow_methods": ["GET", "POST"],
            "allow_credentials": True,
        },
        "/reading/*": {"allow_origins": ["http://app.localhost:*"], "allow_credentials": True},
        "/public/*": {
            "allow_origins": "*",
            "allow_methods": ["GET", "POST"],
            "allow_headers": ["Authorization"],
        },
    },
    CORS_PROTECT=CrossOriginProtection(exempt=["/hooks/*"]),
    CORS_ON_DECISION=f"{__name__}.remember",
)

arrived: list[tuple[str, str | None]] = []  # the path, and the user of the cookie
refused: list[tuple[str, str]] = []  # the path, and the reason


def page(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("<!doctype html><title>The own page</title>")
    if referrer := request.GET.get("referrer"):
        response.headers["Referrer-Policy"] = referrer
    return response


def log(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"arrived": arrived, "refused": refused})


@require_POST
def write_note(request: HttpRequest, area: str, name: str) -> JsonResponse:
    arrived.append((f"/{area}/notes/{name}", request.COOKIES.get("user")))
    return JsonResponse({"written": name})


@require_POST
def login(request: HttpRequest, area: str, name: str) -> JsonResponse:
    arrived.append((f"/{area}/login/{name}", request.COOKIES.get("user")))
    response = JsonResponse({"user": name})
    response.set_cookie("user", name, httponly=True, secure=True, samesite="None")
    return response


def handshake(request: HttpRequest, area: str, name: str) -> HttpResponse:
    """Django has no WebSockets over WSGI. A handshake is a GET like any other, so the view runs."""
    arrived.append((f"/{area}/socket/{name}", request.COOKIES.get("user")))
    return HttpResponse("no WebSocket here")


urlpatterns = [
    path("", page),
    path("log", log),
    path("<area>/notes/<name>", write_note),
    path("<area>/login/<name>", login),
    path("<area>/socket/<name>", handshake),
]


def remember(request: CORSRequest, decision: Decision) -> None:
    if decision.protection is not None:
        refused.append((request.path, decision.refusals[0].code))


application = get_wsgi_application()
