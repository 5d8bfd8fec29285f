"""The method infomap: people are where a walker along the graph's edges stays for long."""
