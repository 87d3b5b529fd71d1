// A library needs a source; what this one is for are the headers that it precompiles.
