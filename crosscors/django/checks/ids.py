"""The ids of the messages, such as ``crosscors.E001``: E for errors, W for warnings, and a number."""

from __future__ import annotations

# Projects silence messages by these numbers: they are never changed, and never used again.
NUMBERS = {
    # What the core finds: E with the number for a problem, W with the number for a warning.
    "wrong-type": 1,
    "unknown-option": 2,
    "policy-and-options": 3,
    "invalid-regex": 4,
    "unknown-danger": 5,
    "async-origin-func": 6,
    "view-policy-twice": 7,
    "already-covered": 8,
    "listed-twice": 9,
    "origin-default-port": 10,
    "origin-empty": 11,
    "origin-file": 12,
    "origin-fragment": 13,
    "origin-host": 14,
    "origin-ip-address": 15,
    "origin-list-in-a-string": 16,
    "origin-missing-scheme": 17,
    "origin-path": 18,
    "origin-port": 19,
    "origin-query": 20,
    "origin-regex": 21,
    "origin-scheme": 22,
    "origin-space": 23,
    "origin-too-long": 24,
    "origin-trailing-slash": 25,
    "origin-unicode-host": 26,
    "origin-upper-case": 27,
    "origin-userinfo": 28,
    "origin-wildcard": 29,
    "wildcard-with-credentials": 30,
    "null-with-credentials": 31,
    "insecure-origin-with-credentials": 32,
    "public-suffix-with-credentials": 33,
    "not-a-token": 34,
    "forbidden-method": 35,
    "forbidden-header": 36,
    "safelisted-header": 37,
    "negative-max-age": 38,
    "long-max-age": 39,
    "path-ambiguous": 40,
    "path-encoded": 41,
    "path-parameter": 42,
    "path-query": 43,
    "path-regex": 44,
    "path-relative": 45,
    "path-wildcard": 46,
    "any-app-origin": 47,
    "suffix-list-unreadable": 48,
    "too-many-sites": 49,
    "unproven-regex": 50,
    "timing-list-cut": 51,
    "regex-matches-nothing": 60,
    "regex-glob": 61,
    "regex-for-everyone": 62,
    "regex-too-wide": 63,
    "regex-too-narrow": 64,
    "unlikely-name": 65,
    "unlikely-method": 66,
    # What only Django's settings can have.
    "old-name-ignored": 70,
    "not-importable": 71,
    "middleware-missing": 72,
    "middleware-twice": 73,
    "middleware-and-django-cors-headers": 74,
    "middleware-order": 75,
    "csrf-trusted-origins": 76,
    "signal-not-asked": 77,
    "view-not-routed": 78,
    "signal-of-django-cors-headers": 79,
}


def error_id(code: str) -> str:
    return f"crosscors.E{NUMBERS[code]:03}"


def warning_id(code: str) -> str:
    return f"crosscors.W{NUMBERS[code]:03}"
