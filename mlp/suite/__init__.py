"""All that knows pytest: an installable plugin, its options, fixtures and marks."""
