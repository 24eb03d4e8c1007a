"""What happens: which scenario, which connection of its story, what is due and when."""
