"""All the cases, by subject."""

from ..model import Case
from . import (
    bodies,
    credentials,
    exposure,
    header_bytes,
    http_cache,
    methods,
    modes,
    origins,
    preflight,
    preflight_cache,
    redirects,
    request_headers,
    statuses,
)

CASES: tuple[Case, ...] = (
    *(*methods.CASES, *request_headers.CASES, *bodies.CASES, *origins.CASES, *credentials.CASES),
    *(*preflight.CASES, *preflight_cache.CASES, *exposure.CASES, *statuses.CASES, *modes.CASES),
    *(*redirects.CASES, *http_cache.CASES, *header_bytes.CASES),
)
