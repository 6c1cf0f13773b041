"""The command line: options in, one call of the engine, text or files out."""
