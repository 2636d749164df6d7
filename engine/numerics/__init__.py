"""Algorithms on arrays of any module that array modules lack: special functions and factorisations. No tensors, no ops."""
