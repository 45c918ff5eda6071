"""Trains the models digitd reads with. TensorFlow lives only here."""
