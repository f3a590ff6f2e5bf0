"""What comparing needs: held-out items, answers, figures, the report."""
