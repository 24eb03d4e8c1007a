"""Reads exchanges that others have written down. PURE."""
