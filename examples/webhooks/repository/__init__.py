"""Repository: keeps track of what happens in repositories, and says so in the past tense."""
