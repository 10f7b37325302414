"""The part that was there before Tense: models, views, migrations."""
