"""What the charts of a report show: pure functions from results to numbers, places and sentences.

Nothing here knows how a chart is drawn, or that there is a page.
"""
