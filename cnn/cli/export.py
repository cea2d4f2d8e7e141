"""The commands that write a network for other programs: `code`, `export`, `schema`.

Functions import torch, and what needs it, themselves: `--help` answers without.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from cnn import runs
from cnn.common.files import read_bytes
from cnn.common.text import excerpt
from cnn.datasets import DATASETS, preprocessing_for
from cnn.network import Architecture, ArchitectureError, from_json, json_schema
from cnn.network.json_format import MAX_BYTES
from cnn.presets import PRESETS
from cnn.training import Settings


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Register the commands with the main parser's subparsers."""
    code = commands.add_parser("code", help="print a network as a PyTorch or Keras script")
    what = code.add_mutually_exclusive_group(required=True)
    what.add_argument("preset", nargs="?", choices=list(PRESETS), metavar="PRESET")
    what.add_argument("--architecture", type=Path, metavar="FILE.json")
    code.add_argument("--keras", action="store_true", help="Keras 3 instead of PyTorch")
    code.add_argument("--dataset", choices=list(DATASETS), default="mnist", help="default: mnist")
    code.set_defaults(command=_code)

    export = commands.add_parser("export", help="write a run's network to a file")
    export.add_argument("run")
    form = export.add_mutually_exclusive_group(required=True)
    for name, about in (
        ("zip", "source, training script, weights and preprocessing in one file"),
        ("onnx", "for onnxruntime and other programs"),
        ("safetensors", "the weights alone"),
    ):
        form.add_argument(f"--{name}", type=Path, metavar="OUT", help=about)
    export.add_argument(
        "--verify",
        action="store_true",
        help="run what was written over the test set, in a process of its own, and compare",
    )
    export.set_defaults(command=_export)

    schema = commands.add_parser("schema", help="print the JSON schema of an architecture's file")
    schema.set_defaults(command=_schema)


def read_architecture(path: Path) -> Architecture:
    """The architecture in a JSON file. Raises ArchitectureError, also for a missing file."""
    try:
        return from_json(read_bytes(path, MAX_BYTES))
    except ArchitectureError:
        raise
    except OSError as error:
        raise ArchitectureError(f"{excerpt(path, 200)}: {error.strerror}.") from None
    except ValueError as error:
        raise ArchitectureError(f"{excerpt(path, 200)}: {error}: no network of ours.") from None


def _code(options: argparse.Namespace) -> int:
    from cnn.export.codegen import keras, pytorch

    if options.architecture:
        architecture, settings = read_architecture(options.architecture), Settings()
        title = options.architecture.stem
    else:
        preset = PRESETS[options.preset]
        architecture, settings, title = preset.architecture, preset.settings, preset.label
    preprocessing = preprocessing_for(options.dataset, settings.normalisation)
    write = keras if options.keras else pytorch
    sys.stdout.write(write(architecture, settings, preprocessing, options.dataset, title))
    return 0


def _export(options: argparse.Namespace) -> int:
    from cnn.export import formats, verify

    run = runs.open_run(options.run)
    what = next(name for name in ("zip", "onnx", "safetensors") if getattr(options, name))
    out: Path = getattr(options, what)
    maker = {"zip": formats.archive, "onnx": formats.onnx, "safetensors": formats.safetensors}[what]
    try:
        content = maker(run)
        out.write_bytes(content)
        result = verify.check(run, what, content) if options.verify else None
    except formats.ExportError as error:
        print(f"cnn: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"cnn: {out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    line = {"run": run.id, "file": str(out), "bytes": len(content)}
    if result is not None:
        line |= {"verified": result.verified, "images": result.images}
        line |= {"same_predictions": result.same, "largest_difference": result.difference}
    print(json.dumps(line))
    return 0 if result is None or result.verified else 1


def _schema(options: argparse.Namespace) -> int:
    print(json.dumps(json_schema(), indent=2))
    return 0
