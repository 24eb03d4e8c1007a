"""Talks to other people's servers: the proxy of `record`."""
