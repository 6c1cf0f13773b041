"""Size and power of the tests: parametric designs, resampling of real returns, stored targets."""
