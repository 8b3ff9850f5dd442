"""``crosscors demo``: a playground for policies and requests, with your own browser and four stacks.

The page shows three things side by side: what ``crosscors.testing.Browser`` predicts, what the real browser
did, and what the servers saw and sent. Everything runs in one process and listens on loopback only:

- ``stacks`` are the applications: ASGI, WSGI, Flask and Django, each with the policy of the page.
- ``playground`` makes them anew whenever the policy changes, and records what they see and send.
- ``endpoint`` is what the page talks to. Only the page itself may use it.
- The page sends nothing to the stacks itself. Pages of other origins, in frames, do that (``documents``).
"""
