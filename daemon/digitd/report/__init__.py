"""Reports: figures from verified labels, and their renderings."""
