"""What the built documentation site promises. `tox -e docs` builds it into site/ first."""
