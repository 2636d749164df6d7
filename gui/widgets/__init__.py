"""What widgets share: a table of numbers, how numbers are written, when things are painted."""
