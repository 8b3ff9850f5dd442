"""Tests of crosscors.live."""
