"""Parts of the administrators' pages, one a file."""
