"""How messages name views: as their developers do."""

from __future__ import annotations

import functools
from typing import Any

from django.views import View
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from crosscors._adapter.marks import name_of
from crosscors.django import cross_origin
from tests.django.urls import hello
from tests.tables import table


class Pages(View):
    """A class of Django's."""


class Resource(APIView):
    """A class of REST framework's."""


class Items(ViewSet):
    """Views of REST framework's."""


@api_view()
def prices(request: object) -> Response:
    """A function that REST framework makes a class of."""
    return Response()


own: Any = cross_origin(allow_origins="*")


@table(
    "view, name",
    ("a function", hello, "hello"),
    ("a function with a policy", own(hello), "hello"),
    ("a class of Django's", Pages.as_view(), "Pages"),
    ("a class with a policy", own(Pages.as_view()), "Pages"),
    ("a class of REST framework's", Resource.as_view(), "Resource"),
    ("a set of views", Items.as_view({"get": "list"}), "Items"),
    ("a function of REST framework's", prices, "prices"),
    ("the same with a policy", own(prices), "prices"),
    ("a partial function", functools.partial(hello, name="you"), "hello"),
    ("a partial view of a class", functools.partial(Pages.as_view(), name="you"), "Pages"),
)
def test_messages_name_views_as_their_developers_do(view: Any, name: str) -> None:
    assert name_of(view) == repr(name)
