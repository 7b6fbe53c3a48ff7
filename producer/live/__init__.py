"""What browsers see of what goes on: runs publish it to Redis, and a server fans it out (`simul live`)."""
