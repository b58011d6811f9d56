"""Text, figures and pages made from claims and comparisons; nothing here trains."""
