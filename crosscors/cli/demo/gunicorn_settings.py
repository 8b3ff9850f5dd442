"""The settings of gunicorn for the demo.

They are in a module, not on the command line, for two reasons: here, a release of gunicorn ignores a setting
that it does not know, and gunicorn does not read a gunicorn.conf.py in the current folder.
"""

workers = 1
# Browsers open connections in advance, and an idle one would block a worker without threads.
threads = 4
loglevel = "warning"
graceful_timeout = 1
control_socket_disable = True
