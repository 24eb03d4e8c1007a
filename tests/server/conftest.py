"""Tests here talk to a server over real sockets on loopback, port 0."""
