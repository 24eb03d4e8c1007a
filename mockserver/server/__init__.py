"""Moves bytes: aiohttp lives here and nowhere else."""
