"""A folder for ``PYTHONPATH``: it holds nothing but ``gradstep``."""
