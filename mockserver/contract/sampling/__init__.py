"""Values made from schemas: the same for the same seed, and valid. PURE."""
