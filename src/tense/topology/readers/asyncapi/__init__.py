"""AsyncAPI 2.x and 3.x: an own table of the object model, the checks over it, and the two readings."""
