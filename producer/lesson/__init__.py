"""A lesson: who learns says first what will happen, and it is measured then.

Here stands what is compared, what is asked, and how answers are read, by the command line and by the live
page alike. What becomes of the answers stands in `stats`.
"""
