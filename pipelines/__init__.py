"""The pipelines, one folder each, and the contract through which the daemon knows them."""
