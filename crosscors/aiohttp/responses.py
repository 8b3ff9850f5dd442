"""Writing: decisions as aiohttp's responses."""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

from crosscors.core.decision import Decision


class WholeResponse(web.Response):
    """A response that is a decision, so that nothing has to be written into it."""


def whole_response(decision: Decision) -> WholeResponse:
    """The response that is the decision."""
    headers = CIMultiDict(decision.whole_headers)
    return WholeResponse(status=decision.status or 200, body=decision.body, headers=headers)
