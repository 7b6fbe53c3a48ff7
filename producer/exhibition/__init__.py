"""The simultaneous exhibition: its timetable, and Judit playing it in three designs."""
