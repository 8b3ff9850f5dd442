"""Django on uvicorn (ASGI). The origins are those of the customers, asked with the async ORM."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import models
from django.db.backends.signals import connection_created
from django.http import HttpRequest, JsonResponse
from django.urls import path

from crosscors import CORSRequest
from crosscors.live import cached

TTL = float(os.environ.get("CUSTOMERS_TTL", "60"))
settings.configure(
    ALLOWED_HOSTS=["localhost"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["CUSTOMERS"],
            "OPTIONS": {"timeout": 0.1},
        }
    },
    INSTALLED_APPS=["crosscors.django"],
    MIDDLEWARE=["crosscors.django.CORSMiddleware", "django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    CORS_ORIGIN_FUNC=f"{__name__}.is_customer",
    CORS_ALLOW_METHODS=["GET", "PUT"],
    CORS_ALLOW_CREDENTIALS=True,
    CORS_PREFLIGHT_MAX_AGE=60,
)
django.setup()


class Customer(models.Model):
    origin: models.TextField[str, str] = models.TextField(primary_key=True)

    class Meta:
        app_label = "customers"
        db_table = "customers"

    def __str__(self) -> str:
        return self.origin


async def ask_for_customer(request: CORSRequest) -> bool:
    return await Customer.objects.filter(origin=request.origin).aexists()


is_customer = cached(ask_for_customer, ttl=TTL, negative_ttl=TTL / 2)
queries: list[str] = []  # tests count them


def count(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
    queries.append(sql)
    return execute(sql, *others)


def count_in(connection: Any, **_: object) -> None:
    if count not in connection.execute_wrappers:  # they stay when it connects again
        connection.execute_wrappers.append(count)


connection_created.connect(count_in)


async def item(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"number": number})


async def count_queries(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"queries": len(queries)})


urlpatterns = [path("items/<int:number>", item), path("queries", count_queries)]
application = get_asgi_application()
