"""Django on gunicorn, protected. It remembers what arrived and what was refused."""

from __future__ import annotations

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

from crosscors import CORSPolicy, CORSRequest, CrossOriginProtection, Decision, Resources
from crosscors.wsgi import CORSMiddleware

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
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


TRUSTED = "http://app.localhost:*"
application = CORSMiddleware(
    get_wsgi_application(),
    policy=Resources(
        {
            "/app/*": CORSPolicy(
                allow_origins=[TRUSTED], allow_methods=["GET", "POST"], allow_credentials=True
            ),
            "/reading/*": CORSPolicy(allow_origins=[TRUSTED], allow_credentials=True),
            "/public/*": CORSPolicy(
                allow_origins="*", allow_methods=["GET", "POST"], allow_headers=["Authorization"]
            ),
        }
    ),
    protect=CrossOriginProtection(exempt=["/hooks/*"]),
    on_decision=remember,
)
