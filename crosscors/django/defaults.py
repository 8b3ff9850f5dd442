"""The default methods and request headers, for lists of your own that add to them.

Example:
    >>> CORS_ALLOW_HEADERS = (*default_headers, "x-mine")
    >>> CORS_ALLOW_METHODS = (*default_methods, "REPORT")
"""

__all__ = ["default_headers", "default_methods"]

# Accept, Accept-Language, Content-Language and Content-Type are always allowed.
default_headers = ("authorization", "user-agent", "x-csrftoken", "x-requested-with")

default_methods = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
