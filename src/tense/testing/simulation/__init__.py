"""A fleet in one seeded process: virtual time, crashes, cuts, and a judge. Names only; imports anything below floor 6."""
