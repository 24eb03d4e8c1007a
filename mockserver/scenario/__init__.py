"""What the author of a scenario wrote: read with positions, checked, compiled into programs."""
