"""What the page teaches: what to take home, which pool to choose, what Celery costs, what would change."""
