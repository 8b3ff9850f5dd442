"""Origins: what they are, which are listed, which are dangerous, and which are admitted."""
