"""Middleware of the project, to stand behind that of crosscors."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def teapot(get_response: Any) -> Any:
    """Answers before Django looks for a view."""

    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse("short and stout", status=418)

    async def answer_async(request: HttpRequest) -> HttpResponse:
        return answer(request)

    return answer_async if iscoroutinefunction(get_response) else answer


@sync_and_async_middleware
def elsewhere(get_response: Any) -> Any:
    """Makes another request of the one that came in."""

    def change(request: HttpRequest) -> HttpRequest:
        request.path_info = "/other/x"
        request.method = "OPTIONS"
        return request

    def answer(request: HttpRequest) -> Any:
        return get_response(change(request))

    async def answer_async(request: HttpRequest) -> Any:
        return await get_response(change(request))

    return answer_async if iscoroutinefunction(get_response) else answer


@sync_and_async_middleware
def overriding(get_response: Any) -> Any:
    """Takes the method from a field, as forms want it that know GET and POST only."""

    def change(request: HttpRequest) -> HttpRequest:
        request.method = request.headers.get("X-Method", request.method)
        return request

    def answer(request: HttpRequest) -> Any:
        return get_response(change(request))

    async def answer_async(request: HttpRequest) -> Any:
        return await get_response(change(request))

    return answer_async if iscoroutinefunction(get_response) else answer
