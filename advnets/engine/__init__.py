"""From a recipe to a played game: objects, compiled rounds, the training loop."""
