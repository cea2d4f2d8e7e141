"""The loop of PyTorch's MNIST example, run as people run it: no module of ours is imported.

examples/mnist/main.py of github.com/pytorch/examples: float32, torchvision's transforms, one
process, `loss.item()` every tenth step. The network comes as the script that this app exports.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torchvision import datasets, transforms

WARM_UP_STEPS = 20


def loop(source: str, optimizer: str, rate: float, batch_size: int, folder: str) -> Iterator[int]:
    """Train without end; yields how many images each step saw."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    )
    train = datasets.MNIST(folder, train=True, transform=transform)
    cuda = {"num_workers": 1, "pin_memory": True} if device.type == "cuda" else {}
    loader = torch.utils.data.DataLoader(train, batch_size=batch_size, shuffle=True, **cuda)
    script = {"__name__": "network"}
    exec(compile(source, "network.py", "exec"), script)
    model = script["make_model"]().to(device)
    # Fused, though the example is not: the harder comparison.
    update = getattr(torch.optim, optimizer)(model.parameters(), lr=rate, fused=True)
    model.train()
    while True:
        for step, (x, y) in enumerate(loader):
            x, y = x.to(device), y.to(device)
            update.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            update.step()
            if step % 10 == 0:
                loss.item()
            yield len(x)


def main() -> None:
    """Answer each question on standard input: the speed of that training."""
    loops: dict[str, Iterator[int]] = {}
    for line in sys.stdin:
        question = json.loads(line)
        seconds = question.pop("seconds")
        steps = loops.setdefault(line, loop(**question))
        for _, _ in zip(range(WARM_UP_STEPS), steps, strict=False):
            pass
        images, began = 0, time.perf_counter()
        for count in steps:
            images += count
            if time.perf_counter() - began >= seconds:
                break
        print(images / (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
