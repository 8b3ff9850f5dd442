"""The names of aiohttp-cors: ``setup``, ``ResourceOptions``, ``CorsViewMixin``, ``custom_cors``.

aiohttp-cors configures resources and routes, and each origin there has options of its own. Here that is a
policy for each origin of each route, made when the route is added.

1.  What is not added is not covered.
2.  The options of a route come before those of its resource, and these before the defaults. In a view, the
    options of the method come first, and then those of the class.
3.  An origin that has no options gets those of the first pattern that matches it, or else those of ``"*"``.
4.  A preflight may ask for the methods that were added, and for ``allow_methods``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from aiohttp import hdrs, web

from crosscors._adapter.keywords import OnDecision, Protect, raise_problems
from crosscors.aiohttp.application import adapt, check_app
from crosscors.core.errors import shown
from crosscors.core.lazy import lazy
from crosscors.core.origins.patterns import OriginSet
from crosscors.core.policy import CORSPolicy, make_policy, warn_about
from crosscors.core.request import CORSRequest
from crosscors.core.resources import Resources
from crosscors.core.values import ANY, Findings, refused
from crosscors.core.words import KEYWORDS, LEAVE_OUT, Everyone, Expressions

__all__ = ["CorsConfig", "CorsViewMixin", "ResourceOptions", "custom_cors", "setup"]

_Entity = TypeVar("_Entity", bound="web.AbstractRoute | web.AbstractResource")
_Function = TypeVar("_Function", bound=Callable[..., object])


@dataclass(frozen=True, kw_only=True)
class ResourceOptions:
    """What one origin may do with a resource.

    Attributes:
        allow_credentials: whether its pages may send cookies and other credentials. Default: False.
        expose_headers: response headers that its pages may read; ``"*"``: all. Default: none.
        allow_headers: request headers that its pages may send; ``"*"``: all. Default: none.
        max_age: how long browsers keep a preflight, in seconds. Default: None, which means 5 seconds.
        allow_methods: methods besides those of the routes that are added; ``"*"``: all. Default: None.
        dangerously_allow: as in CORSPolicy. aiohttp-cors has no such option. Default: none.

    Example:
        >>> options = ResourceOptions(allow_credentials=True, allow_headers=["X-Token"])
    """

    allow_credentials: bool = False
    expose_headers: str | Iterable[str] = ()
    allow_headers: str | Iterable[str] = ()
    max_age: int | None = None
    allow_methods: str | Iterable[str] | None = None
    dangerously_allow: str | Iterable[str] = ()


# By origin or pattern, such as ``https://*.example.com``. ``"*"`` is every other origin.
Config = Mapping[str, "ResourceOptions | Mapping[str, Any]"]
_Options = Mapping[str, ResourceOptions]


class CorsViewMixin:
    """Marks a ``web.View`` that has options of its own.

    Example:
        >>> class Items(web.View, CorsViewMixin):
        ...     cors_config = {"https://app.example.com": ResourceOptions(allow_headers="*")}
    """

    cors_config: Config | None = None


def custom_cors(config: Config) -> Callable[[_Function], _Function]:
    """Give one method of a ``web.View`` options of its own.

    Example:
        >>> class Items(web.View, CorsViewMixin):
        ...     @custom_cors({"https://app.example.com": ResourceOptions(allow_credentials=True)})
        ...     async def put(self): ...
    """

    def decorate(function: _Function) -> _Function:
        setattr(function, _CONFIG, config)
        return function

    return decorate


_CONFIG = "cors_config"


@dataclass(frozen=True)
class _ByOrigin:
    """A policy for each origin.

    Attributes:
        listed: the policies of the origins and patterns that have options.
        others: the policy of all others, and of requests without Origin.
    """

    listed: Mapping[str, CORSPolicy]
    others: CORSPolicy

    @lazy
    def _patterns(self) -> list[tuple[OriginSet, CORSPolicy]]:
        return [(OriginSet.of([key]), policy) for key, policy in self.listed.items() if "*" in key]

    def of(self, origin: str | None) -> CORSPolicy:
        if origin is None:
            return self.others
        if origin in self.listed:
            return self.listed[origin]
        return next((policy for key, policy in self._patterns if key.match(origin)), self.others)


@dataclass
class _Added:
    """What was added of one resource.

    Attributes:
        options: the options of the resource, with the defaults.
        others: the policies for methods that were not added.
        by_method: the policies for those that were; ``"*"`` is every method.
    """

    options: _Options
    others: _ByOrigin
    by_method: dict[str, _ByOrigin] = field(default_factory=dict[str, _ByOrigin])

    def of(self, method: str) -> _ByOrigin:
        return self.by_method.get(method) or self.by_method.get(ANY) or self.others


class CorsConfig:
    """The resources and routes of an application that are open to other origins. ``setup`` makes it.

    Attributes:
        defaults: the options that every resource has.
    """

    def __init__(self, defaults: Config | None) -> None:
        self.defaults = _read(defaults, "defaults")
        self._added: dict[web.AbstractResource, _Added] = {}

    def add(self, routing_entity: _Entity, config: Config | None = None, webview: bool = False) -> _Entity:
        """Open a resource or route to the origins of the defaults and of ``config``.

        Args:
            routing_entity: what ``app.router.add_resource``, ``add_route``, ``add_get`` ... return.
            config: options by origin. They come before the defaults. Default: None.
            webview: has no effect. Views are found without it. Default: False.

        Returns:
            The resource or route.

        Raises:
            PolicyError: listing every problem of the options; also if the resource, or the method of the
                route, was added before.
        """
        options = _read(config, "config")
        if isinstance(routing_entity, web.AbstractRoute):
            self._add_route(routing_entity, options)
        else:
            self._add_resource(routing_entity, options)
        return routing_entity

    def _add_resource(self, resource: web.AbstractResource, options: _Options) -> None:
        if resource in self._added:
            raise_problems(_twice(resource, resource.canonical))
        merged = {**self.defaults, **options}
        self._added[resource] = _Added(merged, _policies(merged, None))

    def _add_route(self, route: web.AbstractRoute, options: _Options) -> None:
        resource = cast("web.AbstractResource", route.resource)
        if resource not in self._added:
            self._add_resource(resource, options)
        added = self._added[resource]
        if route.method in added.by_method:
            raise_problems(_twice(route, f"{route.method} {resource.canonical}"))
        for method, own in _own_options(route.handler, route.method):
            added.by_method[method] = _policies({**added.options, **options, **own}, method)

    def policy_of(self, route: web.AbstractRoute, method: str, origin: str | None) -> CORSPolicy | None:
        """The policy of the route for this method and origin; None if it was not added."""
        added = self._added.get(cast("web.AbstractResource", route.resource))
        return None if added is None else added.of(method).of(origin)

    def policies(self) -> Iterator[tuple[str, CORSPolicy]]:
        """All policies, each with the path that it belongs to."""
        for resource, added in self._added.items():
            for each in (*added.by_method.values(), added.others):
                for policy in (*each.listed.values(), each.others):
                    yield resource.canonical, policy


def setup(
    app: web.Application,
    *,
    defaults: Config | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
) -> CorsConfig:
    """Prepare an application for resources and routes that are open to other origins.

    Args:
        app: the application.
        defaults: options by origin, which every resource has that is added. Default: None.
        debug: as in ``CORS``. Default: None.
        on_decision: as in ``CORS``. Default: None.
        protect: as in ``CORS``. Default: False.

    Returns:
        What resources and routes are added to.

    Raises:
        PolicyError: listing every problem of the options; also if the application already has a policy, has
            started, or is part of another one.

    Example:
        >>> app = web.Application()
        >>> cors = setup(app, defaults={"https://app.example.com": ResourceOptions()})
        >>> resource = cors.add(app.router.add_resource("/items"))
    """
    raise_problems(check_app(app))
    config = CorsConfig(defaults)
    _policies(config.defaults, None)
    adapt(
        *(app, "crosscors.aiohttp.setup", Resources({})),
        routes=config,
        debug=debug,
        on_decision=on_decision,
        protect=protect,
    )
    return config


def _twice(entity: object, name: str) -> Findings:
    return refused(
        "policy-twice", "routing_entity", entity, f"{shown(name)} was added before.", "Add it once."
    )


# Options.


def _read(config: Config | None, name: str) -> _Options:
    if not isinstance(cast("object", config or {}), Mapping):
        message = f"takes options by origin, not {shown(config)}."
        hint = f'Write {name}={{"https://app.example.com": ResourceOptions()}}.'
        raise_problems(refused("wrong-type", name, config, message, hint))
    return {origin: _options(origin, each) for origin, each in (config or {}).items()}


def _options(origin: str, given: object) -> ResourceOptions:
    if isinstance(given, ResourceOptions):
        return given
    if not _are_options(given):
        message = f"takes ResourceOptions, not {shown(given)}."
        hint = f"Write ResourceOptions({', '.join(f'{name}=...' for name in _NAMES)})."
        raise_problems(refused("wrong-type", shown(origin), given, message, hint))
    return ResourceOptions(**cast("Mapping[str, Any]", given))


def _are_options(given: object) -> bool:
    names: set[object] = set(cast("Mapping[object, object]", given)) if isinstance(given, Mapping) else {""}
    return names <= ResourceOptions.__dataclass_fields__.keys()


_NAMES = ("allow_credentials", "expose_headers", "allow_headers", "max_age", "allow_methods")


def _own_options(handler: object, method: str) -> Iterable[tuple[str, _Options]]:
    """The methods that a route takes, with the options that its view has for them."""
    if not isinstance(handler, type):
        return [(method, {})]
    of_class = _read(getattr(handler, _CONFIG, None), _CONFIG)
    methods = [each for each in sorted(hdrs.METH_ALL) if hasattr(handler, each.lower())]
    return [
        (each, {**of_class, **_read(getattr(getattr(handler, each.lower()), _CONFIG, None), _CONFIG)})
        for each in methods
        if method in (each, ANY)
    ]


# Policies.


def _policies(options: _Options, method: str | None) -> _ByOrigin:
    """A policy for each origin, about a method that was added; None: about all others."""
    listed = {origin: _policy(origin, each, method) for origin, each in options.items()}
    of_all = listed.pop(ANY, None)
    if of_all is None:
        # It only refuses, and its messages name the origins that are allowed.
        return _ByOrigin(listed, CORSPolicy(allow_origins=tuple(listed)))
    if listed:  # caches must not share what differs by origin
        of_all = _policy(ANY, options[ANY], method, allow_origins=(), allow_origin_func=_is_any)
    return _ByOrigin(listed, of_all)


def _is_any(_: CORSRequest) -> bool:
    return True


def _policy(origin: str, options: ResourceOptions, method: str | None, **others: object) -> CORSPolicy:
    given: dict[str, object] = {
        "allow_origins": ANY if origin == ANY else [origin],
        "allow_methods": _methods(options.allow_methods, method),
        "allow_headers": options.allow_headers,
        "allow_credentials": options.allow_credentials,
        "expose_headers": options.expose_headers,
        "max_age": options.max_age,
        "dangerously_allow": options.dangerously_allow,
        **others,
    }
    policy, found = make_policy(given, _Words(origin))
    raise_problems(found)
    warn_about(found.warnings)
    return cast("CORSPolicy", policy)


def _methods(listed: str | Iterable[str] | None, method: str | None) -> str | list[str]:
    if ANY in (listed, method):
        return ANY
    given = [listed] if isinstance(listed, str) else [*(listed or ())]
    return [*given, *([] if method is None or method in given else [method])]


@dataclass(frozen=True)
class _Words:
    """What readers of aiohttp-cors's names call the options: the origin is a key."""

    origin: str

    def name(self, option: str) -> str:
        return "origin" if option == "allow_origins" else f"{shown(self.origin)} {option}"

    def setting(self, option: str, value: str) -> str:
        if option == "allow_origins":
            return f"{value}: ResourceOptions(...)"
        if option == "allow_credentials" and value.startswith("["):
            listed = f"{value.strip('[]')}: ResourceOptions(allow_credentials=True)"
            return f'{listed}, and leave allow_credentials out for "*"'
        return f"{option}={value}"

    def expressions(self, found: Expressions) -> str:
        return f"CORS(app, {KEYWORDS.expressions(found)})"

    def everyone(self) -> Everyone:
        return Everyone("origin", "'*'")

    def nothing(self, option: str) -> str:  # none of them opens anything
        return LEAVE_OUT
