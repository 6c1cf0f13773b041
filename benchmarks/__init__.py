"""What a study costs, beside a plain sketch and other packages: ``python -m benchmarks.run``."""
