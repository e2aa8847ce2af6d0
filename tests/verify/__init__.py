"""A simulated month through the whole system, and every figure held against the truth."""
