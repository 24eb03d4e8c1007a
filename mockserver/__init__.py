"""A mock server for event streams: OpenAPI and scenarios in, deterministic events out."""

__version__ = "0.1.0"
