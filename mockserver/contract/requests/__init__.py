"""Requests held against their operation: parameters, bodies, credentials. PURE."""
