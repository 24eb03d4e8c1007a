"""A real backend held to the scenarios: which requests, what is to come, what has come. PURE."""
