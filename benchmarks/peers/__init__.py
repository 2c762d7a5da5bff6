"""What Hearth is measured beside, each a server of its own: ``python -m benchmarks.peers.NAME PORT``."""
