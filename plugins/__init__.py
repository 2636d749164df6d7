"""What is not the core: each part comes in through the entry points that a stranger's package would use."""
