"""What is trained on: digits as other hands, pens and scanners have them, and what stands in cells and is none."""
