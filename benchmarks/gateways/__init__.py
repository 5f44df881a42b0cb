"""Who is measured: Tollhouse itself, and nginx as the floor below which no proxy goes."""
