"""What watches a game and never moves it."""
