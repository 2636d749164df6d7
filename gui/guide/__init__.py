"""Learning the window: the bundled examples, what is to be found in each, and a tour over the parts."""
