"""What the benchmarks share: medians with their range, a table, and the machine's description."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cnn.training.device import cpu_name


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def median_and_range(values: Sequence[float], form: str = ",.0f") -> str:
    """The median, and the lowest and highest in brackets."""
    if not values:
        return "never"
    text = format(median(values), form)
    if len(values) > 1:
        text += f" [{min(values):{form}} – {max(values):{form}}]"
    return text


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table whose columns line up."""
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    for number, row in enumerate((head, *rows)):
        cells = (str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"| {' | '.join(cells)} |")
        if number == 0:
            print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")


def print_machine() -> None:
    """Where the figures come from."""
    import platform

    import psutil
    import torch

    load = psutil.getloadavg()[0]
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    print(
        f"{cpu_name()}; {', '.join(gpus) or 'no GPU'}; torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads, Python {platform.python_version()}; load {load:.1f} "
        "at the start\n"
    )
