"""Other libraries: what their configuration means, what is wrong with it, and its equivalent here.

Each module reads the configuration from the objects of its library, as ``Theirs``.
"""
