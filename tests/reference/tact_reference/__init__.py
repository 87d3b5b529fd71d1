"""Golden data for tact: what the reference stack computes, one module for each theme."""
