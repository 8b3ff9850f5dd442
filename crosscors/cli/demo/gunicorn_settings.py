"""The settings of gunicorn for the demo.

A module rather than options on the command line: releases of gunicorn that do not know a setting
skip it here, and a gunicorn.conf.py in the current folder is not read.
"""

workers = 1
# Browsers open connections ahead of need, and an idle one would block a worker without threads.
threads = 4
loglevel = "warning"
graceful_timeout = 1
control_socket_disable = True
