"""The page of a class: many machines' results of the same work, side by side."""
