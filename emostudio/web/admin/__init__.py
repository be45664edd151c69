"""The administrators' part: mounted apart at /admin, behind a gate."""
