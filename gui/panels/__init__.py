"""One file a dock panel, and the parts that several panels share. A panel shows and asks; it never fetches."""
