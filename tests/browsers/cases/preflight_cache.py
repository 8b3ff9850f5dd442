"""The preflight cache: what a preflight's answer goes on to allow, and for how long."""

from ..model import ANYONE, CREDENTIALS, THE_PAGE, Answer, Body, Case, Fetch, Pause, answer, case

PUT = Fetch(method="PUT")
DELETE = Fetch(method="DELETE")
X_A = Fetch(headers={"X-A": "1"})
X_B = Fetch(headers={"X-B": "1"})
BOTH = Fetch(headers={"X-A": "1", "X-B": "1"})
INCLUDE = Fetch(method="PUT", credentials="include")
LISTENED = Fetch(method="POST", body=Body("text", "x"), upload_listener=True)
SHARED = (THE_PAGE, CREDENTIALS)


def kept(*lines: str, max_age: tuple[str, ...] = ("60",)) -> Answer:
    return answer(*(lines or (ANYONE,)), *(f"Access-Control-Max-Age: {value}" for value in max_age))


def methods(*names: str) -> str:
    return f"Access-Control-Allow-Methods: {', '.join(names)}"


def headers(*names: str) -> str:
    return f"Access-Control-Allow-Headers: {', '.join(names)}"


AGES: tuple[tuple[str, ...], ...] = (
    *(
        (),
        ("",),
        ("0",),
        ("00",),
        ("-0",),
        ("-1",),
        ("-60",),
        ("1.5",),
        ("0.5",),
        ("+60",),
        ("+0",),
        ("60s",),
        ("0s",),
    ),
    *(
        ("0x3c",),
        ("six",),
        ("60, 60",),
        ("0, 0",),
        ("60", "60"),
        ("0", "0"),
        ("0", "60"),
        ("60", "0"),
        (" 60 ",),
    ),
    *(
        ("60",),
        ("060",),
        ("99999999999999999999",),
        ("2147483648",),
        ("4294967296",),
        ("1e3",),
        ('"60"',),
        ("6 0",),
    ),
    *(("-",), ("6_0",), ("60;",), ("-99999999999999999999",)),
)

# At once shows what is not kept; after six seconds only what is kept longer than the five of the default.
LIVED = tuple(
    case(
        f"Access-Control-Max-Age as {' and '.join(map(ascii, values)) or 'nothing'}, {when}",
        PUT,
        *pause,
        PUT,
        preflight=kept(ANYONE, methods("PUT"), max_age=values),
    )
    for values in AGES
    for when, pause in (("at once", ()), ("after six seconds", (Pause(6),)))
)

TIMED = tuple(
    case(
        f"Access-Control-Max-Age of {seconds}, after {pause} seconds",
        PUT,
        Pause(pause),
        PUT,
        preflight=kept(ANYONE, methods("PUT"), max_age=(str(seconds),)),
    )
    for seconds, pause in ((1, 2.5), (3, 1.5), (10, 7), (8, 6))
)

DEFAULT_TIME = (
    case(
        "a preflight without max-age lives for some seconds",
        PUT,
        Pause(3),
        PUT,
        preflight=answer(ANYONE, methods("PUT")),
    ),
    case(
        "use does not make a preflight live longer",
        PUT,
        Pause(3),
        PUT,
        Pause(3),
        PUT,
        preflight=answer(ANYONE, methods("PUT")),
    ),
)

FOR_NAMES = tuple(
    case(f"kept for {what}", *steps, preflight=kept(ANYONE, *lines))
    for what, steps, lines in (
        ("the method", (PUT, PUT, PUT), [methods("PUT")]),
        ("other methods on the list", (PUT, DELETE), [methods("PUT, DELETE")]),
        ("one method, not another", (PUT, DELETE, DELETE, PUT), [methods("PUT"), methods("DELETE")]),
        ("all methods by *", (PUT, DELETE), [methods("*")]),
        ("the header", (X_A, X_A), [headers("X-A")]),
        ("the header in another case", (X_A, Fetch(headers={"x-a": "2"})), [headers("x-A")]),
        ("other headers on the list", (X_A, X_B, BOTH), [headers("X-A, X-B")]),
        ("both headers, used one by one", (BOTH, X_A, X_B), [headers("X-A, X-B")]),
        ("all headers by *", (X_A, X_B), [headers("*")]),
        (
            "all headers by *, then Authorization",
            (X_A, Fetch(headers={"Authorization": "Bearer x"})),
            [headers("*")],
        ),
        (
            "all headers by * and Authorization by name",
            (X_A, Fetch(headers={"Authorization": "Bearer x"})),
            [headers("*, Authorization")],
        ),
        (
            "the header, whatever the safelisted method",
            (X_A, Fetch(method="POST", headers={"X-A": "1"})),
            [headers("X-A")],
        ),
        (
            "the header, then a method",
            (X_A, Fetch(method="PUT", headers={"X-A": "1"})),
            [headers("X-A"), methods("PUT")],
        ),
        (
            "the method, then a header",
            (PUT, Fetch(method="PUT", headers={"X-A": "1"})),
            [headers("X-A"), methods("PUT")],
        ),
        (
            "the method, then a header that was not allowed",
            (PUT, Fetch(method="PUT", headers={"X-A": "1"})),
            [methods("PUT")],
        ),
        (
            "the method, in its case",
            (Fetch(method="patch"), Fetch(method="PATCH")),
            [methods("patch, PATCH")],
        ),
        ("the method, in its case only", (Fetch(method="PATCH"), Fetch(method="patch")), [methods("PATCH")]),
        (
            "a safelisted name with an unusual value",
            (Fetch(headers={"Accept": "a(b"}), Fetch(headers={"Accept": "c(d"})),
            [headers("Accept")],
        ),
        (
            "Content-Type",
            (
                Fetch(method="POST", headers={"Content-Type": "a/b"}),
                Fetch(method="POST", headers={"Content-Type": "c/d"}),
            ),
            [headers("Content-Type")],
        ),
        ("an upload with a listener", (LISTENED, LISTENED), []),
        ("an upload with a listener, by a list of methods", (LISTENED, LISTENED), [methods("PUT, POST")]),
        ("an upload with a listener, by a list of other methods", (LISTENED, LISTENED), [methods("PUT")]),
        ("an upload with a listener, by *", (LISTENED, LISTENED), [methods("*")]),
        ("a header, then an upload with a listener", (X_A, LISTENED), [headers("X-A")]),
    )
)

# The first preflight allows one thing, the second another: both stay.
GROWING = (
    case(
        "a second preflight adds to the first",
        PUT,
        DELETE,
        PUT,
        DELETE,
        preflight=(kept(ANYONE, methods("PUT")), kept(ANYONE, methods("DELETE"))),
    ),
    case(
        "a second preflight adds headers",
        X_A,
        X_B,
        BOTH,
        preflight=(kept(ANYONE, headers("X-A")), kept(ANYONE, headers("X-B"))),
    ),
    case(
        "a second preflight without max-age",
        PUT,
        DELETE,
        Pause(6),
        PUT,
        preflight=(kept(ANYONE, methods("PUT")), kept(ANYONE, methods("DELETE"), max_age=())),
    ),
    case(
        "a second preflight shortens what the first allowed",
        PUT,
        DELETE,
        PUT,
        preflight=(kept(ANYONE, methods("PUT")), kept(ANYONE, methods("PUT, DELETE"), max_age=("0",))),
    ),
    case(
        "a second preflight lengthens what the first allowed",
        PUT,
        DELETE,
        Pause(6),
        PUT,
        preflight=(answer(ANYONE, methods("PUT")), kept(ANYONE, methods("PUT, DELETE"))),
    ),
)

FOR_URLS = tuple(
    case(
        f"kept for {what}",
        Fetch(first, method="PUT"),
        Fetch(second, method="PUT"),
        preflight=kept(ANYONE, methods("PUT")),
    )
    for what, first, second in (
        ("a URL, not one with a query", "{api}/thing", "{api}/thing?a=1"),
        ("a URL with its query", "{api}/thing?a=1", "{api}/thing?a=1"),
        ("a URL, not one with another query", "{api}/thing?a=1", "{api}/thing?a=2"),
        ("a URL, whatever its fragment", "{api}/thing#a", "{api}/thing#b"),
        ("a URL, not one with an empty query", "{api}/thing", "{api}/thing?"),
        ("a port, not another", "{api}/thing", "{other}/thing"),
        ("a host, not another", "{api}/thing", "{named}/thing"),
        ("a path, not one below", "{api}/thing", "{api}/thing/thing"),
        ("a URL as it is normalised", "{api}/thing", "{api}/x/../thing"),
    )
)

FOR_CREDENTIALS = (
    *(
        case(
            f"a preflight under {first.credentials} and a request under {second.credentials}",
            first,
            second,
            preflight=kept(*SHARED, methods("PUT")),
            actual=answer(*SHARED),
        )
        for first in (INCLUDE, PUT, Fetch(method="PUT", credentials="omit"))
        for second in (INCLUDE, PUT, Fetch(method="PUT", credentials="omit"))
    ),
    case(
        "a preflight with credentials adds nothing for *",
        Fetch(method="PUT", credentials="include"),
        DELETE,
        preflight=kept(*SHARED, methods("*, PUT")),
        actual=answer(*SHARED),
    ),
    case(
        "a preflight without credentials, kept beside one with",
        PUT,
        INCLUDE,
        PUT,
        INCLUDE,
        preflight=kept(*SHARED, methods("PUT")),
        actual=answer(*SHARED),
    ),
)

REFUSED = (
    case(
        "a refused preflight is not kept",
        PUT,
        PUT,
        preflight=(kept(methods("PUT")), kept(ANYONE, methods("PUT"))),
    ),
    case(
        "a preflight of a wrong status is not kept",
        PUT,
        PUT,
        preflight=(
            answer(ANYONE, methods("PUT"), "Access-Control-Max-Age: 60", status=404),
            kept(ANYONE, methods("PUT")),
        ),
    ),
    case(
        "a preflight that allows something else keeps nothing of it",
        PUT,
        DELETE,
        preflight=kept(ANYONE, methods("DELETE")),
    ),
    case(
        "a preflight that allows one of two headers keeps nothing",
        BOTH,
        X_A,
        preflight=kept(ANYONE, headers("X-A")),
    ),
    case(
        "a refused answer forgets the preflight",
        PUT,
        PUT,
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE), answer(), answer(ANYONE)),
    ),
    case(
        "an answer refused at once forgets the preflight",
        PUT,
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(), answer(ANYONE)),
    ),
    case(
        "a refused simple request forgets the preflight",
        PUT,
        Fetch(),
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE), answer(), answer(ANYONE)),
    ),
    case(
        "a refused preflight forgets an earlier one",
        PUT,
        DELETE,
        PUT,
        preflight=(kept(ANYONE, methods("PUT")), kept(methods("PUT"))),
    ),
    case(
        "a preflight refused for its method forgets an earlier one",
        PUT,
        DELETE,
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
    ),
    case(
        "a 500 does not forget the preflight",
        PUT,
        PUT,
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE), answer(ANYONE, status=500)),
    ),
    case(
        "a no-cors request does not forget the preflight",
        PUT,
        Fetch(mode="no-cors"),
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
    ),
    case(
        "a refused redirect forgets the preflight",
        PUT,
        PUT,
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE), answer("Location: /x", status=307), answer(ANYONE)),
    ),
    case(
        "redirect: error forgets the preflight",
        PUT,
        Fetch(method="PUT", redirect="error"),
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE), answer(ANYONE, "Location: /x", status=307), answer(ANYONE)),
    ),
    case(
        "a refused answer under another query",
        PUT,
        Fetch("{api}/thing?a=1"),
        PUT,
        preflight=kept(ANYONE, methods("PUT")),
        actual=(answer(ANYONE),),
    ),
)

NULL = tuple(
    case(f"a preflight of the {page} page", PUT, PUT, preflight=kept(ANYONE, methods("PUT")), page=page)
    for page in ("sandbox", "data", "named", "ipv6")
)

CASES: tuple[Case, ...] = (
    *(*LIVED, *TIMED, *DEFAULT_TIME, *FOR_NAMES, *GROWING, *FOR_URLS),
    *(*FOR_CREDENTIALS, *REFUSED, *NULL),
)
