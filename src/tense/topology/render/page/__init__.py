"""The page's style and script, put into one file with the picture; imports nothing."""
