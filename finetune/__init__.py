"""The training path: examples, the planner, its export. Every verb is a module with a YAML file of its own."""
