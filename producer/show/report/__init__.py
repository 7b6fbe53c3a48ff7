"""Results as one page that opens anywhere, and as drawings for slides.

The page holds everything it shows and asks nobody for anything: no script, style, font or image comes
from elsewhere, and its own policy forbids it.
"""
