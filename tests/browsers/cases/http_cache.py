"""The browser's HTTP cache, which may hand an answer to a request that it was not made for.

``shared_cache`` stands for it on the other side. The two are alike where one page loads a URL twice: what
may be stored, and for which requests. They are not alike where a browser keeps what a cache of many users
may not (``private``), asks again where nothing is said on caching, asks by If-None-Match, or does not keep
an answer that CORS has refused: none of this is here.
"""

from dataclasses import replace

from ..model import ANYONE, THE_PAGE, Answer, Case, Fetch, answer, case

FRESH = "Cache-Control: max-age=60"
NO_CORS = Fetch(mode="no-cors")
CORS = Fetch()


def cached(name: str, *steps: Fetch, actual: tuple[Answer, ...]) -> Case:
    return replace(case(name, *steps, actual=actual), http_cache=True)


# What a server does that adds the field only for requests with an Origin.
LOADS = tuple(
    cached(
        f"loaded without CORS, then with, {what}",
        NO_CORS,
        CORS,
        actual=(answer(*lines), answer(THE_PAGE, *lines)),
    )
    for what, lines in (
        ("without Vary", (FRESH,)),
        ("with Vary: Origin", (FRESH, "Vary: Origin")),
        ("with Vary: origin among others", (FRESH, "Vary: Accept-Encoding, origin")),
        ("with Vary in two lines", (FRESH, "Vary: Accept-Encoding", "Vary: Origin")),
        ("with another Vary", (FRESH, "Vary: Accept-Encoding")),
        ("with Vary: *", (FRESH, "Vary: *")),
        ("not stored", ("Cache-Control: no-store",)),
        ("stale at once", ("Cache-Control: max-age=0",)),
    )
)

CASES: tuple[Case, ...] = (
    *LOADS,
    cached("any origin, loaded without CORS, then with", NO_CORS, CORS, actual=(answer(ANYONE, FRESH),)),
    cached("loaded with CORS twice", CORS, CORS, actual=(answer(THE_PAGE, FRESH), answer())),
    cached(
        "loaded with CORS twice, with Vary: Origin",
        CORS,
        CORS,
        actual=(answer(THE_PAGE, FRESH, "Vary: Origin"),),
    ),
    cached("loaded with CORS, then without", CORS, NO_CORS, actual=(answer(THE_PAGE, FRESH),)),
    cached(
        "another query is another URL",
        NO_CORS,
        Fetch("{api}/thing?a"),
        actual=(answer(FRESH), answer(THE_PAGE)),
    ),
    cached(
        "a POST is not answered from the cache",
        NO_CORS,
        Fetch(method="POST"),
        actual=(answer(FRESH), answer(THE_PAGE)),
    ),
)
