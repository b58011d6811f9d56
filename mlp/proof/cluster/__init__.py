"""What shows that a cluster keeps its promises: kills, overhead, many sizes, simulated studies."""
