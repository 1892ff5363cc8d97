"""The parts of a run, a module each, with a function that measures and returns its rows."""
