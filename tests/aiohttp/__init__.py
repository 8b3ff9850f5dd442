"""The adapter for aiohttp."""
