"""A view with a policy whose function reads the session."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.urls import path

from crosscors import CORSRequest
from crosscors.django import DjangoCORSRequest, cross_origin
from tests.django.clients import ORIGIN


def is_of_team(request: CORSRequest) -> bool:
    return bool(cast("DjangoCORSRequest", request).http_request.session.get("team"))


@cross_origin(allow_origins=[ORIGIN], allow_origin_func=is_of_team)
def own(request: HttpRequest) -> HttpResponse:
    return HttpResponse("own")


urlpatterns = [path("own", own)]
