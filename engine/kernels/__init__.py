"""What ops compute with where an array module's own functions are not enough: the same kernels for every module, and faster
ones for large arrays of the host."""
