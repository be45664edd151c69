"""Parts that pages are made of: what is seen, and the small functions that draw it."""
