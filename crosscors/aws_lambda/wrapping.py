"""``cors``: the policy around a handler, as a function and as a decorator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, overload

from crosscors._adapter.decider import Decider
from crosscors._adapter.keywords import OnDecision, Protect, raise_problems, read_policy, read_protect
from crosscors._adapter.stacks import check_lambda
from crosscors.aws_lambda.events import EventReader
from crosscors.aws_lambda.handling import handle
from crosscors.core.live import LivePolicy
from crosscors.core.policy import CORSPolicy, PolicyOptions
from crosscors.core.resources import Resources
from crosscors.core.unnamed import Call, refuse_positional_options
from crosscors.core.values import read_bool
from crosscors.core.words import KEYWORDS

if TYPE_CHECKING:
    from typing_extensions import Unpack

Handler = Callable[[Any, Any], Any]


@overload
def cors(
    handler: Handler,
    /,
    *,
    policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
    reraise: bool = False,
    **options: Unpack[PolicyOptions],
) -> Handler: ...


@overload
def cors(
    *,
    policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
    reraise: bool = False,
    **options: Unpack[PolicyOptions],
) -> Callable[[Handler], Handler]: ...


def cors(
    handler: Handler | None = None,
    /,
    *positional: NoReturn,
    policy: CORSPolicy | Resources | LivePolicy[Any] | None = None,
    debug: bool | None = None,
    on_decision: OnDecision | None = None,
    protect: Protect = False,
    reraise: bool = False,
    **options: Unpack[PolicyOptions],
) -> Handler | Callable[[Handler], Handler]:
    """A handler that answers preflights, and writes the policy into every response of the given handler.

    It works behind REST APIs, HTTP APIs and WebSocket APIs of API Gateway, Application Load Balancers and
    function URLs. It is also a decorator: ``@cors(...)``. Events that are not requests pass it untouched.

    Args:
        handler: the Lambda handler, a function of the event and the context. None makes a decorator. Default:
            None.
        policy: a CORSPolicy, Resources with one for each path, or a LivePolicy of either. Instead of it, the
            options of CORSPolicy may be given here.
        debug: True: refused responses say why in X-CORS-Refused, and refused preflights get status 200 where
            that lets the browser's console name the method or header. Default: None, which means False here.
        on_decision: ``func(request: CORSRequest, decision: Decision)``, called for every request that a
            policy covers. Or several such functions. Default: None.
        protect: True: refuse unsafe requests and WebSockets from pages that the policy does not trust, with
            status 403. ``"report"``: only log them. A CrossOriginProtection has further options. Default:
            False.
        reraise: what happens to an exception of the handler. False: it is logged with its traceback, and the
            page gets status 500 with the headers of the policy. True: Lambda gets it, and counts it in its
            metric Errors; API Gateway answers without headers. Default: False.

    Raises:
        PolicyError: listing every problem of the options; also if ``allow_origin_func`` or the handler is
            async.

    Example:
        >>> @cors(allow_origins=["https://app.example.com"])
        ... def handler(event, context):
        ...     return {"statusCode": 200, "body": "Hello"}
        >>> request = {"method": "GET", "path": "/items"}
        >>> headers = {"origin": "https://app.example.com"}
        >>> event = {"rawPath": "/items", "headers": headers, "requestContext": {"http": request}}
        >>> handler(event, None)["headers"]
        {'Access-Control-Allow-Origin': 'https://app.example.com', 'Vary': 'Origin'}

    Standard: Fetch, "CORS protocol".
    """
    refuse_positional_options(positional, _CALL if callable(handler) else _DECORATION, app=handler)
    policies = read_policy(policy, options, debug=debug, can_await=False)
    protection, found = read_protect(protect, KEYWORDS)
    raise_problems(found, read_bool("reraise", reraise, KEYWORDS)[1])

    def decorate(handler: Handler) -> Handler:
        raise_problems(check_lambda(handler))
        decider = Decider(
            "crosscors.aws_lambda.cors",
            EventReader(),
            policies,
            debug=bool(debug),
            on_decision=on_decision,
            protection=protection,
        )

        @functools.wraps(handler)
        def with_cors(event: Any, context: Any) -> Any:
            return handle(decider, event, functools.partial(handler, event, context), reraise=reraise)

        return with_cors

    return decorate if handler is None else decorate(handler)


_CALL = Call("cors(handler, {})")
_DECORATION = Call("@cors({})")
