"""What the settings for methods and request headers are without you, for lists of your own to start from.

Example:
    >>> CORS_ALLOW_HEADERS = (*default_headers, "x-mine")
    >>> CORS_ALLOW_METHODS = (*default_methods, "REPORT")
"""

# Accept, Accept-Language, Content-Language and Content-Type are always allowed.
default_headers = ("authorization", "user-agent", "x-csrftoken", "x-requested-with")

default_methods = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
