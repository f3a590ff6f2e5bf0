"""Which sense mattered, from media or from a finished run, as a Python call and as the verb `cuechain weigh`."""
