"""What people thought of answers, on the way to training rows."""
