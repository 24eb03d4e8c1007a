"""The files: which are meant, what is read of them, where in them something stands."""
