"""What shows that the rest can be trusted: benchmark, kills, corruption, calibration."""
