"""What the clients of a session have made, kept and shown again (`--stateful`). PURE."""
