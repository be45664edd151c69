"""One page of /admin a file."""
