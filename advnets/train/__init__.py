"""What moves a game: objects from a recipe, compiled rounds, the loop, recovery."""
