"""What a script uses of ``torch`` and the engine lacks, found by reading the script, before anything runs."""
