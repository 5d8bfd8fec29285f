"""Which faces are one person: a graph of neighbours, and methods that cut it into people."""
