"""Results for people and for other programs: tables in a terminal, a page, drawings, exports."""
