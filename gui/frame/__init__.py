"""What is around the graph and the panels: toolbar, status bar, docks, messages, the first page."""
