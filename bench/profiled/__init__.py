"""Our Nomad provider under cProfile, for finding out where its time goes."""
