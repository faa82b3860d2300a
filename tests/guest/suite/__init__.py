"""The parts of tests/guest/run.py."""
