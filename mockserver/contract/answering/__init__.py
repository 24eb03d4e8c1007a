"""What an ordinary operation answers by itself. PURE."""
