"""Pure functions over results: summaries, ratios, scaling, differences, warnings, what bound a workload."""
