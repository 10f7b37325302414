"""What a name reads as: moods and tenses. Imports nothing of Tense."""
