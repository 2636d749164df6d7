"""View-models: what the panels show, made from a tape without Qt, and the one object that owns the tape being looked at."""
