"""A trained run as a file: weights, ONNX, or one zip with source, weights and preprocessing.

Everything is made in memory and returned as bytes; `cnn.export.verify` runs it and compares.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import torch
from safetensors.torch import save

from cnn.common.text import percent
from cnn.export.codegen import keras, model_source, pytorch
from cnn.runs import Run
from cnn.runs.weights import load_model

ONNX_INPUT, ONNX_OUTPUT = "images", "logits"
# The zip's entries carry one fixed time, so that two exports of a run can be compared.
ZIP_TIME = (1998, 11, 1, 0, 0, 0)


class ExportError(RuntimeError):
    """An export that could not be made; the message says why and what to do."""


def safetensors(run: Run) -> bytes:
    """The newest weights as a safetensors file, float32.

    Its metadata holds architecture, preprocessing and classes as JSON strings. Raises RunError.
    """
    weights = load_model(run).state_dict()
    tensors = {name: value.detach().contiguous() for name, value in weights.items()}
    return save(tensors, metadata=_metadata(run))


def onnx(run: Run) -> bytes:
    """The network as ONNX: `images` float32 `(batch, 1, 28, 28)`, normalised as preprocessing
    says, to `logits` float32 `(batch, classes)`; the batch may be of any size.

    Its metadata holds architecture, preprocessing and classes as JSON strings. Raises RunError,
    and ExportError where torch's exporter fails.
    """
    model = load_model(run)
    example = torch.zeros(2, 1, 28, 28)
    try:
        with _silenced(), tempfile.TemporaryDirectory() as folder:
            program = torch.onnx.export(
                model,
                (example,),
                dynamo=True,
                input_names=[ONNX_INPUT],
                output_names=[ONNX_OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
                verbose=False,
            )
            program.model.metadata_props.update(_metadata(run))
            path = Path(folder) / "model.onnx"
            program.save(path)
            return path.read_bytes()
    except ImportError as error:
        raise ExportError(f"ONNX export needs the package '{error.name}'.") from error
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ExportError(f"PyTorch could not write this network as ONNX: {reason}") from error


def archive(run: Run, weights: bytes | None = None) -> bytes:
    """One zip: the network's source, a training script (PyTorch and Keras), a predictor, weights
    (None: the newest), preprocessing and a note on how to use them. Raises RunError."""
    config = run.config
    settings = (config.architecture, config.settings, run.preprocessing, config.dataset, run.name)
    start = config.first_filter
    files: dict[str, str | bytes] = {
        "README.md": _readme(run),
        "model.py": model_source(config.architecture, run.preprocessing, run.name),
        "train.py": pytorch(*settings, start),
        "train_keras.py": keras(*settings, start),
        "predict.py": PREDICT,
        "weights.safetensors": weights or safetensors(run),
        "preprocessing.json": json.dumps(_preprocessing(run), indent=2) + "\n",
        "architecture.json": config.architecture.model_dump_json(indent=2) + "\n",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
    return buffer.getvalue()


def file_name(run: Run, suffix: str) -> str:
    """A name for the download: the run's, in letters that every system takes."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in run.name.lower())
    return f"{'-'.join(filter(None, kept.split('-')))[:60] or 'network'}.{suffix}"


def _preprocessing(run: Run) -> dict[str, object]:
    return {
        "image": "28x28, one channel, ink bright on dark, as bytes 0-255",
        "scaled_to": [0, 1],
        "mean": run.preprocessing.mean,
        "std": run.preprocessing.std,
        "classes": list(run.config.classes),
    }


def _metadata(run: Run) -> dict[str, str]:
    """The metadata of a weight file. Only strings: the formats hold no others."""
    return {
        "format": "pt",
        "run": run.name,
        "dataset": run.config.dataset,
        "architecture": run.config.architecture.model_dump_json(),
        "preprocessing": json.dumps(_preprocessing(run)),
    }


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """A block without log, warnings and standard output: torch's exporter writes to all three."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _readme(run: Run) -> str:
    accuracy = run.status().get("test_accuracy")
    trained = (
        "" if accuracy is None else f" It reads {percent(accuracy, 2)} of the test images right."
    )
    versions = run.config.versions or {"torch": metadata.version("torch")}
    made_with = ", ".join(f"{package} {version}" for package, version in versions.items())
    dataset = run.config.dataset
    return README.format(name=run.name, dataset=dataset, trained=trained, versions=made_with)


README = """\
# {name}

A network trained on {dataset} in the CNN playground.{trained}

    pip install torch torchvision safetensors pillow numpy
    python predict.py digit.png        # a 28x28 image, ink bright on dark
    python train.py                    # trains the same network anew on the data set
    python train_keras.py              # the same in Keras 3 (pip install keras)

- `model.py`: the network, and how its images are prepared
- `weights.safetensors`: its weights
- `preprocessing.json`: mean, standard deviation and class names
- `architecture.json`: the network for the playground's Design page

Made with {versions}.
"""

PREDICT = '''\
"""Read digits with the trained network: python predict.py digit.png [more.png ...]"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from model import make_model, prepare

HERE = Path(__file__).parent
CLASSES = json.loads((HERE / "preprocessing.json").read_text())["classes"]


def load():
    """The network with its weights, ready to predict."""
    model = make_model()
    model.load_state_dict(load_file(HERE / "weights.safetensors"))
    return model.eval()


@torch.inference_mode()
def predict_logits(images: np.ndarray) -> np.ndarray:
    """Images (N, 28, 28) as bytes, ink bright, to logits (N, classes)."""
    model = load()
    parts = torch.from_numpy(images).split(1000)
    return torch.cat([model(prepare(part)) for part in parts]).numpy()


def main():
    """Print each image's class and its probability."""
    for name in sys.argv[1:]:
        image = Image.open(name).convert("L").resize((28, 28))
        logits = torch.from_numpy(predict_logits(np.array(image)[None]))
        probabilities = logits.softmax(1)[0]
        best = int(probabilities.argmax())
        print(f"{name}: {CLASSES[best]} ({probabilities[best]:.1%})")


if __name__ == "__main__":
    main()
'''
