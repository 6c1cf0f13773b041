"""Other packages of PyPI on the data of the benchmarks."""
