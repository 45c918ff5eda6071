"""What a model gets right, how sure it may be of it, and what that looks like; of the shipped file itself."""
