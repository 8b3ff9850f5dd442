"""The pure core: plain data in, decision out; no I/O, no framework."""
