"""What every adapter shares; private."""
