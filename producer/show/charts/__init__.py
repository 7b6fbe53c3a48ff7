"""The charts of a report: a module for each, with its data, its sentence and its drawing.

Each module offers `chart`, which makes a `Chart` of a workload's `Field`; `derive`, `describe` and `draw`
are its three steps. The report lists them in `producer.show.report.figures.CHARTS`. Nothing here knows that
there is a page.
"""
