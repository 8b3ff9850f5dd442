"""A LivePolicy, its listeners and its uses, against a model that is a list of all that happened."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crosscors import CORSPolicy, LivePolicy, PolicyError, Resources
from crosscors.asgi import CORSMiddleware
from crosscors.wsgi import CORSMiddleware as WSGIMiddleware
from tests.clients import ask_asgi

ORIGINS = [f"https://{name}.example" for name in "abc"]


async def ask(_: object) -> bool:
    return False


def policy_of(chosen: int) -> CORSPolicy | Resources:
    """One of seven: for one origin, for one origin on one path, or with an async function."""
    if chosen == len(ORIGINS) * 2:
        return CORSPolicy(allow_origin_func=ask)
    policy = CORSPolicy(allow_origins=ORIGINS[chosen % len(ORIGINS)])
    return policy if chosen < len(ORIGINS) else Resources({"/": policy})


CHOICES = st.integers(0, len(ORIGINS) * 2)
VERSIONS = st.none() | st.integers(-1, 12)
STEPS = st.lists(
    st.tuples(st.just("replace"), CHOICES, VERSIONS)
    | st.tuples(st.sampled_from(["listen", "end", "await not", "take no paths"]), st.just(0), st.none()),
    max_size=12,
)


@given(STEPS)
def test_like_the_model(steps: list[tuple[str, int, int | None]]) -> None:
    live = LivePolicy[Any](policy_of(0))
    app = CORSMiddleware(no_app, policy=live)
    history, rules = [(1, 0)], set[str]()
    heard: list[int] = []
    expected_heard: list[int] = []
    ends: list[Any] = []
    served = 0
    for step, chosen, version in steps:
        if step == "listen":
            ends.append(live.on_change(lambda published: heard.append(published.version)))
        elif step == "end" and ends:
            ends.pop()()
        elif step == "await not" and history[-1][1] != 2 * len(ORIGINS):
            WSGIMiddleware(no_wsgi_app, policy=live)
            rules.add("await not")
        elif step == "take no paths" and not len(ORIGINS) <= history[-1][1] < 2 * len(ORIGINS):
            Resources({"/api": live})
            rules.add("take no paths")
        elif step == "replace":
            is_async = chosen == 2 * len(ORIGINS)
            has_paths = len(ORIGINS) <= chosen < 2 * len(ORIGINS)
            last = history[-1][0]
            is_refused = (
                (is_async and "await not" in rules)
                or (has_paths and "take no paths" in rules)
                or (version is not None and version <= last)
            )
            try:
                live.replace(policy_of(chosen), version=version)
            except PolicyError:
                assert is_refused
            else:
                assert not is_refused
                history.append((last + 1 if version is None else version, chosen))
                expected_heard += [history[-1][0]] * len(ends)
        served_version, served = history[-1]
        assert live.version == served_version
        assert heard == expected_heard
        assert live.policy_for("/") == policy_of(served).policy_for("/")
    allowed = [ask_asgi(app, headers=[("Origin", origin)]).allowed for origin in ORIGINS]
    is_listed = served < 2 * len(ORIGINS)
    expected = [origin for number, origin in enumerate(ORIGINS) if is_listed and number == served % 3]
    assert list(filter(None, allowed)) == expected


async def no_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def no_wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []
