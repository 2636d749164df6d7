"""A folder for ``PYTHONPATH``: it holds nothing but ``torch``, which is this engine."""
