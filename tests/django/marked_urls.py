"""A URLconf whose views have policies of their own."""

from __future__ import annotations

from typing import Any

from django.conf.urls.i18n import i18n_patterns
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path, register_converter
from django.urls.converters import get_converters
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from crosscors import CORSPolicy, CORSRequest
from crosscors.django import cross_origin
from tests.django.clients import OTHER

POLICY = CORSPolicy(allow_origins=[OTHER], allow_methods=["PUT"])
marked = cross_origin(policy=POLICY)


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


@marked
def function(request: HttpRequest) -> HttpResponse:
    return HttpResponse("function")


@marked
async def async_function(request: HttpRequest) -> HttpResponse:
    return HttpResponse("async function")


@csrf_exempt
@marked
def exempt(request: HttpRequest) -> HttpResponse:
    return HttpResponse("exempt")


async def is_other(request: CORSRequest) -> bool:
    return request.origin == OTHER


@cross_origin(allow_origin_func=is_other)
def asking(request: HttpRequest) -> HttpResponse:
    return HttpResponse("asking")


@marked
class Whole(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")

    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("whole")


class ByMethod(View):
    """PUT may be called from another origin, GET as the settings say."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("get")

    @marked
    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("put")


@method_decorator(marked, name="dispatch")
class Dispatched(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("dispatched")

    def put(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("dispatched")


@marked
@api_view(["GET", "PUT"])
def api_function(request: Any) -> Response:
    return Response("api function")


@marked
class ApiClass(APIView):
    def get(self, request: Any) -> Response:
        return Response("api class")

    def put(self, request: Any) -> Response:
        return Response("api class")


class Things(ViewSet):
    def list(self, request: Any) -> Response:
        return Response("list")

    @marked
    def update(self, request: Any) -> Response:
        return Response("update")

    @marked
    @action(detail=False)
    def latest(self, request: Any) -> Response:
        return Response("latest")


included = [path("function", function), path("plain", plain)]


class Failing:
    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        if value == "gone":
            raise Http404
        raise RuntimeError("the database is gone")

    def to_url(self, value: str) -> str:
        return value


if "failing" not in get_converters():  # tests import this module more than once
    register_converter(Failing, "failing")


urlpatterns: list[URLPattern | URLResolver] = [
    path("plain", plain),
    path("function", function),
    path("async", async_function),
    path("exempt", exempt),
    path("asking", asking),
    path("whole", Whole.as_view()),
    path("by-method", ByMethod.as_view()),
    path("dispatched", Dispatched.as_view()),
    path("api-function", api_function),
    path("api-class", ApiClass.as_view()),
    path("things", Things.as_view({"get": "list", "put": "update"})),
    path("things/latest", Things.as_view({"get": "latest"})),
    path("slash/", function),
    path("plain-slash/", plain),
    re_path("^two-slashes//$", function),
    path("in/", include((included, "in"))),
    path("failing/<failing:item>", function),
    path(_("Sunday"), function),
    *i18n_patterns(path("translated", function)),
]
