"""Whose turn it is to train, and where: for each device first come, first served, and on a class
server one run of each workspace after another.

A launch takes a ticket: a numbered file that names the run and the devices it can train on. It lies
there until the run ends; while the run trains it says on what. A ticket counts for as long as its
run's lock is held, so no death blocks a device. Devices are told apart by `Device.lock_names`, a
GPU's UUID: torch's numbers are another process's. Imports no torch: many may wait at a time.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cnn.common import workspaces
from cnn.common.files import read_json, write_json
from cnn.runs.device_options import Option, ask_devices, options_among, options_without_torch
from cnn.runs.folders import changing_runs, devices_dir
from cnn.runs.run import Run
from cnn.training import gpu_meter
from cnn.training.device import Device
from cnn.training.devices import processes

SERVED_KEPT = 1000  # workspaces of which it is known when they were served
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.2, 2.0  # the first in the queue looks most often


@dataclass(frozen=True)
class Ticket:
    """A run's place in the queue, or on a device. `options` None: not known yet."""

    file: Path
    run_id: str
    workspace: str | None = None  # whose run it is
    options: tuple[Option, ...] | None = None
    taken: Option | None = None
    urgent: bool = False  # the teacher has put it before all others

    @property
    def run(self) -> Run:
        """The run that waits or trains."""
        return Run(workspaces.folder(self.workspace) / self.run_id)

    @property
    def number(self) -> int:
        """The later it came, the higher."""
        return int(self.file.stem)

    def is_of(self, run: Run) -> bool:
        """Whether it is that run's."""
        return (self.run_id, self.workspace) == (run.id, run.workspace)

    def write(self) -> None:
        """Put it where `tickets` finds it."""
        run: dict[str, object] = {"run": self.run_id}
        if self.workspace:
            run["workspace"] = self.workspace
        if self.urgent:
            run["urgent"] = True
        write_json(self.file, {**run, "options": self.options, "taken": self.taken})


def _folder() -> Path:
    return devices_dir() / "queue"


def _read(file: Path) -> Ticket | None:
    try:
        content = read_json(file) or {}
        options, taken = content["options"], content["taken"]
        workspace = content.get("workspace")
        if workspace is not None and not workspaces.is_workspace(str(workspace)):
            return None
        return Ticket(
            file,
            str(content["run"]),
            workspace,
            None if options is None else tuple(_option(one) for one in options),
            None if taken is None else _option(taken),
            content.get("urgent") is True,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _option(value: Sequence[object]) -> Option:
    device, names = value
    return Option(str(device), tuple(map(str, names)))  # type: ignore[call-overload]


def tickets() -> list[Ticket]:
    """The tickets of all runs: those that train, then those that wait, in the order of their
    turns."""
    files = sorted(_folder().glob("*.json")) if _folder().is_dir() else []
    living = [ticket for file in files if (ticket := _read(file)) and ticket.run.is_alive()]
    waiting = [ticket for ticket in living if not ticket.taken]
    return [ticket for ticket in living if ticket.taken] + in_turns(waiting, _served())


def in_turns(waiting: Sequence[Ticket], served: Mapping[str, int]) -> list[Ticket]:
    """Those that wait, in the order of their turns: one of each workspace after another, that which
    was `served` longest ago first; within a workspace as they came. The tickets come in that
    order; of one workspace alone it stays."""
    before: Counter[str | None] = Counter()
    rounds = []
    for ticket in waiting:
        rounds.append(before[ticket.workspace])
        before[ticket.workspace] += 1
    order = sorted(
        range(len(waiting)),
        key=lambda n: (
            not waiting[n].urgent,
            rounds[n],
            served.get(waiting[n].workspace or "", 0),
            waiting[n].number,
        ),
    )
    return [waiting[n] for n in order]


def _served_file() -> Path:
    return devices_dir() / "served.json"


def _served() -> dict[str, int]:
    """When a device was last given to each workspace, as a number that grows."""
    found = read_json(_served_file()) or {}
    return {name: number for name, number in found.items() if isinstance(number, int)}


def _note_served(workspace: str | None) -> None:
    """A device was given to that workspace. Call it while changing runs."""
    if workspace is None:
        return
    served = _served()
    number = 1 + max(served.values(), default=0)
    served.pop(workspace, None)  # the newest goes last
    write_json(_served_file(), dict([*served.items(), (workspace, number)][-SERVED_KEPT:]))


def take_ticket(run: Run) -> None:
    """Queue `run`, whose lock is held: a new ticket, behind all others. Call it while changing
    runs. Raises OSError."""
    _folder().mkdir(parents=True, exist_ok=True)
    living = [ticket for ticket in tickets() if not ticket.is_of(run)]
    for file in set(_folder().glob("*.json")) - {ticket.file for ticket in living}:
        file.unlink(missing_ok=True)  # of runs that ended without a word
    number = 1 + max((ticket.number for ticket in living), default=0)
    file = _folder() / f"{number:09d}.json"
    Ticket(file, run.id, run.workspace, options_without_torch(run)).write()


def put_first(run: Run) -> None:
    """Let `run`, which waits, come before all others that wait. Raises OSError."""
    with changing_runs():
        ticket = own_ticket(run)
        if ticket and not ticket.taken:
            replace(ticket, urgent=True).write()


def own_ticket(run: Run) -> Ticket | None:
    """The ticket of `run`; None where it neither trains nor waits."""
    return next((ticket for ticket in tickets() if ticket.is_of(run)), None)


def find_devices(run: Run, wanted: str) -> list[Device]:
    """This machine's devices. A run that is alone will need torch at once, and asks itself."""
    alone = all(ticket.is_of(run) for ticket in tickets())
    if alone and not processes(wanted):
        from cnn.training.devices import list_devices

        return list_devices()
    return ask_devices()


def _claims(ticket: Ticket, taken: set[str]) -> set[str]:
    """What an earlier ticket, which waits, will take before any later one."""
    options = ticket.options or ()
    for option in options:
        if not taken & set(option.lock_names):
            return set(option.lock_names)
    return set(options[0].lock_names) if len(options) == 1 else set()


def _idle_memory(option: Option) -> tuple[bool, int]:
    """By what the best of several free GPUs is chosen: nobody computes on it, free memory."""
    now = gpu_meter.read(option.lock_names[0])
    return (now.utilisation < gpu_meter.BUSY_PERCENT, now.memory_free) if now else (False, 0)


def try_start(
    run: Run, options: Sequence[Option], merit: Callable[[Option], tuple[bool, int]] = _idle_memory
) -> Option | None:
    """Take a free device for `run` if it is its turn, else None. Of several the one of highest
    `merit` is taken. Raises OSError."""
    with changing_runs():
        queue = tickets()
        mine = next((ticket for ticket in queue if ticket.is_of(run)), None)
        if mine is None:
            raise FileNotFoundError(f"'{run.id}' has lost its place in the queue.")
        taken = {name for ticket in queue if ticket.taken for name in ticket.taken.lock_names}
        for ticket in queue[: queue.index(mine)]:
            if ticket.taken is None:
                if ticket.options is None:
                    return None  # it is finding out what it wants
                taken |= _claims(ticket, taken)
        free = [option for option in options if not taken & set(option.lock_names)]
        if not free:
            return None
        chosen = max(free, key=merit) if len(free) > 1 else free[0]
        replace(mine, options=tuple(options), taken=chosen).write()
        _note_served(run.workspace)
        return chosen


def comes_at_once(run: Run) -> bool:
    """Whether `run`, which has its ticket, trains as soon as it looks: whoever is ahead of it wants
    another device, or was asked to stop."""
    queue = tickets()
    mine = next((ticket for ticket in queue if ticket.is_of(run)), None)
    if mine is None:
        return False
    ahead = [t for t in queue[: queue.index(mine)] if not t.run.control().get("stop")]
    if mine.options is None:
        return not ahead
    taken: set[str] = set()
    for ticket in ahead:
        if ticket.options is None and ticket.taken is None:
            return False
        for option in (ticket.taken,) if ticket.taken else ticket.options or ():
            taken |= set(option.lock_names)
    return not mine.options or any(not taken & set(o.lock_names) for o in mine.options)


@contextlib.contextmanager
def turn(
    run: Run,
    wanted: str,
    stopped: Callable[[], bool],
    waits: Callable[[], None],
    find: Callable[[Run, str], list[Device]] = find_devices,
) -> Iterator[str | None]:
    """Wait until `run` may train; yields torch's name of the device, which is its own until the
    end, or None where `stopped` said so first. `waits` is called at every look at the queue.
    Raises OSError."""
    mine = own_ticket(run)
    if mine is None:
        with changing_runs():
            take_ticket(run)
        mine = own_ticket(run)
    assert mine is not None, "a run that takes its turn holds its lock"
    try:
        if stopped():
            yield None
            return
        if mine.options is None:
            options = options_among(find(run, wanted), wanted)
            with changing_runs():
                replace(mine, options=options).write()
        else:
            options = mine.options
        yield _wait(run, options, stopped, waits) if options else wanted
    finally:
        for ticket in {mine, own_ticket(run) or mine}:  # another, where it has given way
            ticket.file.unlink(missing_ok=True)


def give_way(run: Run, stopped: Callable[[], bool], waits: Callable[[], None]) -> None:
    """Let those who wait for the device on which `run` trains come first, and wait until it is free
    again, or `stopped` says so. `waits` is called at every look. Raises OSError."""
    mine = own_ticket(run)
    if mine is None or mine.taken is None:
        return
    with changing_runs():
        if not waits_for(mine.taken):
            return
        last = max(ticket.number for ticket in tickets())
        back = replace(mine, file=_folder() / f"{last + 1:09d}.json", options=(mine.taken,))
        mine.file.rename(back.file)
        replace(back, taken=None).write()
    _wait(run, (mine.taken,), stopped, waits)


def lock_names(options: Iterable[Option]) -> set[str]:
    """The names of all locks that some options would take."""
    return {name for option in options for name in option.lock_names}


def waits_for(taken: Option) -> bool:
    """Whether any run waits for what is taken."""
    wanted = set(taken.lock_names)
    return any(wanted & lock_names(t.options or ()) for t in tickets() if not t.taken)


def _wait(
    run: Run, options: Sequence[Option], stopped: Callable[[], bool], waits: Callable[[], None]
) -> str | None:
    while True:
        with contextlib.suppress(TimeoutError):  # the store is busy: the next look may do better
            if chosen := try_start(run, options):
                return chosen.device
        if stopped():
            return None
        waits()
        earlier = itertools.takewhile(lambda ticket: not ticket.is_of(run), tickets())
        place = 1 + sum(ticket.taken is None for ticket in earlier)
        time.sleep(min(POLL_SECONDS * place, LONGEST_POLL_SECONDS))
