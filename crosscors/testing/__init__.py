"""Test CORS as browsers see it: the client half of the Fetch standard, in Python.

`Browser` shows what a script on a page can do with a server, and says why it is blocked. It works with any
server and does not depend on how that server implements CORS.
"""

from crosscors.testing.blocked import BlockedByCORS, NetworkError, Reason, Step
from crosscors.testing.browser import Browser, Page, same_origin
from crosscors.testing.engines import DEPARTURES, ENGINES, Departure, Engine, EngineName
from crosscors.testing.exchange import Check, Exchange, ReceivedResponse, SentRequest
from crosscors.testing.request import RequestInit
from crosscors.testing.response import Response
from crosscors.testing.response_headers import Headers
from crosscors.testing.shared_cache import SharedCache, shared_cache

__all__ = [
    "DEPARTURES",
    "ENGINES",
    "BlockedByCORS",
    "Browser",
    "Check",
    "Departure",
    "Engine",
    "EngineName",
    "Exchange",
    "Headers",
    "NetworkError",
    "Page",
    "Reason",
    "ReceivedResponse",
    "RequestInit",
    "Response",
    "SentRequest",
    "SharedCache",
    "Step",
    "same_origin",
    "shared_cache",
]
