"""What was seen, and how it is summed up."""
import math
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What fake workers saw. Times are nanoseconds since 1970, delays milliseconds."""

    registrations: list[tuple[int, float]] = field(default_factory=list)
    heartbeats: list[tuple[int, float]] = field(default_factory=list)
    # A task, and when its lease arrived.
    leases: list[tuple[str, int]] = field(default_factory=list)
    # Waiting requests that were answered without a task, and how much later than they asked for.
    empty: list[tuple[int, float]] = field(default_factory=list)
    # When, which request, and what became of it.
    failures: list[tuple[int, str, str]] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    # How long after an answer's arrival the generator read it.
    own_delays: list[tuple[int, float]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in ("registrations", "heartbeats", "leases", "empty", "failures", "own_delays"):
            getattr(self, name).extend(getattr(other, name))
        self.verdicts += other.verdicts


@dataclass(frozen=True)
class Window:
    """A stretch of time, in nanoseconds since 1970."""

    start: int
    end: int

    def values(self, samples: Iterable[tuple[int, float]]) -> list[float]:
        return [value for time, value in samples if self.start <= time < self.end]

    def has(self, time: int) -> bool:
        return self.start <= time < self.end


def percentile(values: list[float], share: float) -> float | None:
    """The smallest value that is not below `share` of all (nearest rank); None where there is none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def spread(values: list[float]) -> dict[str, float | int | None]:
    return {
        "count": len(values), "p50": statistics.median(values) if values else None, "p99": percentile(values, 0.99),
        "max": max(values, default=None),
    }


def milliseconds(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def table(rows: list[list[str]]) -> str:
    """Columns of equal width, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.rjust(width) if column else cell.ljust(width)
                  for column, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows)
