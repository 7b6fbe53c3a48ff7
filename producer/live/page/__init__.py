"""The page that browsers get: files of this directory, put into one document."""
