"""Charts as SVG, drawn with nothing but the standard library.

A browser scales SVG text with the chart (a projector needs that), colours it by the page's theme, and
loads no script for it; and the same drawing goes on a slide as a file. Colours are named here and chosen
in `palette`.
"""
