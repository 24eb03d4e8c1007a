"""Talks to other people's servers: the proxy of `record`, the client of `verify`."""
