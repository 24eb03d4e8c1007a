"""The wire format of event streams (WHATWG HTML § 9.2)."""
