"""Values of any size: where their numbers come from, how they are gone through, and how they leave."""
