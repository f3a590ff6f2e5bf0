"""Training of the embedded planner: examples, network, losses, calibration, export."""
