"""Libraries and servers that answer CORS, and what to write there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from crosscors.core.origins.faults import mended

OPEN = "Otherwise, every site could read the responses with the cookies of its visitors."


@dataclass(frozen=True)
class Needed:
    """What a server has to allow, so that one request passes. What it allows already is not needed."""

    origin: str | None = None
    credentials: bool = False
    method: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Library:
    """A library or a server: how its options are written.

    In the texts, {} stands for the list with what is needed. A text that is None: there is no such option.

    Attributes:
        name: what people call it.
        origin: how it allows an origin.
        credentials: how it allows credentials.
        method: how it allows a method.
        header: how it allows request headers.
        around: the call or the place where the options stand.
        between: what stands between two options.
        quote: how an item of a list is written.
        more: what stands for the items that the list has already.
        verb: what stands before the text.
        configured: the lists that the application has, by the names of the attributes above.
        expressions: regular expressions in its list of origins.
        is_open: whether it lets in sites that nobody has named. With credentials, it must not.
        opens: other options that let them in.
    """

    name: str
    origin: str
    credentials: str | None
    method: str
    header: str
    around: str = "{}"
    between: str = ", "
    quote: str = '"{}"'
    more: str | None = "..."
    verb: str = "write "
    configured: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    expressions: tuple[str, ...] = ()
    is_open: bool = False
    opens: tuple[str, ...] = ()

    def text(self, needed: Needed) -> str | None:
        """What to write, or None if the library allows all of this already."""
        options: list[str] = []
        closes = needed.credentials and self.is_open
        for name, template, items in (
            ("origin", self.origin, (needed.origin,) if needed.origin else ()),
            ("method", self.method, (needed.method,) if needed.method else ()),
            ("header", self.header, needed.headers),
        ):
            known = {each.lower() for each in self.configured.get(name, ())}
            is_closing = closes and name == "origin"
            missing = [item for item in items if is_closing or item.lower() not in known]
            if missing and (is_closing or "*" not in known):
                options.append(template.format(self._list(name, missing, closes=is_closing)))
        if not options and not needed.credentials:
            return None
        if needed.credentials and self.credentials:
            options.append(self.credentials)
        text = self.around.format(self.between.join(options))
        return f"{text}, and remove {' and '.join(self.opens)}. {OPEN}" if closes and self.opens else text

    def _list(self, name: str, missing: Iterable[str], *, closes: bool) -> str:
        configured = self.configured.get(name)
        wanted = [*missing]
        # An entry such as "https://app.example.com/" was meant for this origin, and lets nobody in.
        kept = [
            each
            for each in configured or ()
            if each != "*" and mended(each) not in wanted and each not in wanted
        ]
        if name == "origin" and not closes:
            kept += self.expressions
        known = [self._quoted(each) for each in kept]
        if configured is None and self.more:
            known = [self.more]
        return ", ".join([*known, *map(self._quoted, wanted)])

    def _quoted(self, item: str) -> str:
        return f"{'r' if chr(92) in item else ''}{self.quote.format(item)}"


STARLETTE = Library(
    "Starlette's CORSMiddleware",
    "allow_origins=[{}]",
    "allow_credentials=True",
    "allow_methods=[{}]",
    "allow_headers=[{}]",
    "app.add_middleware(CORSMiddleware, ..., {})",
)
FLASK_CORS = Library(
    "Flask-CORS",
    "origins=[{}]",
    "supports_credentials=True",
    "methods=[{}]",
    "allow_headers=[{}]",
    "CORS(app, ..., {})",
)
# Its options for the paths of one resource.
FLASK_CORS_RESOURCE = replace(
    FLASK_CORS,
    origin='"origins": [{}]',
    credentials='"supports_credentials": True',
    method='"methods": [{}]',
    header='"allow_headers": [{}]',
)
DJANGO_CORS_HEADERS = Library(
    "django-cors-headers",
    "CORS_ALLOWED_ORIGINS = [{}]",
    "CORS_ALLOW_CREDENTIALS = True",
    "CORS_ALLOW_METHODS = [{}]",
    "CORS_ALLOW_HEADERS = [{}]",
    between=" and ",
)
# crosscors itself, for applications in which nothing answers CORS yet. The name is that of the module.
CROSSCORS_ASGI = replace(
    STARLETTE,
    name="crosscors.asgi",
    around="app = CORSMiddleware(app, {})",
    more=None,
    configured={"method": ("GET",)},
)
CROSSCORS_WSGI = replace(CROSSCORS_ASGI, name="crosscors.wsgi")
CROSSCORS_STARLETTE = replace(CROSSCORS_ASGI, name="crosscors.starlette", around="CORS(app, {})")
CROSSCORS_FASTAPI = replace(CROSSCORS_STARLETTE, name="crosscors.fastapi")
CROSSCORS_FLASK = replace(
    CROSSCORS_ASGI,
    name="crosscors.flask",
    origin=FLASK_CORS.origin,
    credentials=FLASK_CORS.credentials,
    method=FLASK_CORS.method,
    header=FLASK_CORS.header,
    around="CORS(app, {})",
)
CROSSCORS_DJANGO = replace(
    DJANGO_CORS_HEADERS,
    name="crosscors.django",
    verb="",
    configured={"method": ("GET",)},
    around='put "crosscors.django.CORSMiddleware" at the top of MIDDLEWARE, and write {}',
    more=None,
)

EXPRESS = Library(
    "the package cors of Express",
    "origin: [{}]",
    "credentials: true",
    "methods: [{}]",
    "allowedHeaders: [{}]",
    "cors({{ {} }})",
)
SPRING = Library(
    "Spring",
    ".allowedOrigins({})",
    ".allowCredentials(true)",
    ".allowedMethods({})",
    ".allowedHeaders({})",
    'registry.addMapping("/**"){}',
    between="",
)
ASP_NET = Library(
    "ASP.NET Core",
    ".WithOrigins({})",
    ".AllowCredentials()",
    ".WithMethods({})",
    ".WithHeaders({})",
    "policy{}",
    between="",
)
S3 = Library(
    "the CORS rules of the bucket in S3",
    '"AllowedOrigins": [{}]',
    None,
    '"AllowedMethods": [{}]',
    '"AllowedHeaders": [{}]',
)
NGINX = Library(
    "nginx",
    'add_header Access-Control-Allow-Origin "{}" always;',
    'add_header Access-Control-Allow-Credentials "true" always;',
    'add_header Access-Control-Allow-Methods "{}" always;',
    'add_header Access-Control-Allow-Headers "{}" always;',
    between=" ",
    quote="{}",
    more=None,
)
APACHE = Library(
    "Apache",
    'Header always set Access-Control-Allow-Origin "{}"',
    'Header always set Access-Control-Allow-Credentials "true"',
    'Header always set Access-Control-Allow-Methods "{}"',
    'Header always set Access-Control-Allow-Headers "{}"',
    between=" and ",
    quote="{}",
    more=None,
)
CADDY = Library(
    "Caddy",
    'header Access-Control-Allow-Origin "{}"',
    'header Access-Control-Allow-Credentials "true"',
    'header Access-Control-Allow-Methods "{}"',
    'header Access-Control-Allow-Headers "{}"',
    between=" and ",
    quote="{}",
    more=None,
)
