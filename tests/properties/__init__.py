"""Tests over generated input: what holds for every policy, request and response."""
