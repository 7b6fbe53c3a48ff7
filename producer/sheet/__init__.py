"""A lab sheet that checks itself: its questions, and what a result says of the answers.

`reading` reads a sheet; `answers` and `naming` find the number, the time or the name in what is written into
it; `checks` and `choices` know every kind of check, `evidence` finds the numbers in results, `verdicts` puts
all of them together. No solution is kept here: what is right follows from what a student has measured.
"""
