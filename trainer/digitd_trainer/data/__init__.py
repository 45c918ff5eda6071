"""Where digits to learn from come from: files, folders and labels become sets of `Digits`, or a clear error."""
