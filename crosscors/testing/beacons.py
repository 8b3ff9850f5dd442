"""Beacons: ``navigator.sendBeacon(url, data)`` (Beacon, "sendBeacon method").

A page sends one and learns nothing of the response. The content types of its data need no preflight.
"""

from __future__ import annotations

from collections.abc import Mapping

from crosscors.testing.forms import URLENCODED, read_entries, urlencoded
from crosscors.testing.request import RequestInit

BeaconData = str | bytes | Mapping[str, str] | None


def beacon_init(data: BeaconData) -> RequestInit:
    """The options of a fetch that sends the same. A mapping is URLSearchParams."""
    init = RequestInit(method="POST", mode="no-cors", credentials="include")
    if isinstance(data, Mapping):
        headers = {"Content-Type": f"{URLENCODED};charset=UTF-8"}
        return init | RequestInit(body=urlencoded(read_entries(data)), headers=headers)
    return init | RequestInit(body=data)
