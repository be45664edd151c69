"""One file a page; each has `build(studio)`, and pages do not import each other."""
