"""Decisions as numbers that operators can watch: ``prometheus`` and ``opentelemetry``.

Each has two functions. ``decisions`` makes a hook for ``on_decision=``, which counts what was decided.
``watch`` follows a LivePolicy. See docs/observability.md.
"""
