"""One module per framework, and one for buses that a project wrote itself."""
