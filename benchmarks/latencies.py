"""What is said of many latencies."""


def percentile(latencies: list[float], part: float) -> float:
    """Return the latency that this part of all stays below."""
    return sorted(latencies)[int(len(latencies) * part)]
