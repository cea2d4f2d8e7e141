"""A Keras 3 script of the same network and training. Keras reads images channels last.

The same weights give the same outputs: a Permute stands before a Flatten, paddings and epsilons
are PyTorch's, and so is the weight initialisation (biases begin at zero, as in Keras). torch is
imported only for the augmentation's limits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnn.datasets import FILES, DataError, DataSet
from cnn.export.codegen import script
from cnn.network import INPUT_SHAPE, Architecture
from cnn.runs.first_filter import FirstFilter
from cnn.training import OPTIMIZERS, Settings

if TYPE_CHECKING:
    from cnn.datasets import Preprocessing

# Keras's optimisers for torch's, with the arguments whose defaults differ.
_OPTIMIZERS = {
    "SGD": ("SGD", {}),
    "Adam": ("Adam", {"epsilon": 1e-8}),
    "AdamW": ("AdamW", {"epsilon": 1e-8}),
    "RMSprop": ("RMSprop", {"rho": 0.99, "epsilon": 1e-8}),
    "Adadelta": ("Adadelta", {"rho": 0.9, "epsilon": 1e-6}),
    "Adagrad": ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-10}),
}
_EARLY = ", keras.callbacks.EarlyStopping(patience={patience}, restore_best_weights=True)"
_DATASETS = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}  # those that Keras fetches itself


def keras(
    architecture: Architecture,
    settings: Settings,
    preprocessing: Preprocessing,
    dataset: str = "mnist",
    title: str = "My network",
    first_filter: FirstFilter | None = None,
) -> str:
    """A self-contained Keras 3 training script of this network, needing only keras and a backend.

    With a `first_filter` its first layer starts from that.
    Raises ArchitectureError where the network cannot work, and DataError for a data set that no
    script can fetch.
    """
    data = script.source_dataset(dataset)
    helpers = _helpers(architecture)
    from_logits = architecture.head.output != "sigmoid"
    smoothing = script.arguments({"label_smoothing": settings.label_smoothing or None})
    return _SCRIPT.format(
        **script.head(architecture, title),
        data=data.label,
        note=script.data_notes(dataset, settings) + _notes(settings),
        standard_library=_standard_library(data.name, settings),
        constants=script.constants(settings, preprocessing, dataset)
        + script.first_filter_constant(first_filter),
        reader="" if data.name in _DATASETS else _file_reader(data),
        read=_READ_KERAS.format(name=_DATASETS[data.name])
        if data.name in _DATASETS
        else _READ_FILES,
        classes=architecture.head.classes,
        imports="layers, ops" if "ops." in helpers else "layers",
        helpers=helpers,
        model=_model(architecture),
        start=_START if first_filter else "",
        schedule=script.SCHEDULES[settings.schedule],
        optimizer=_optimizer(settings),
        outputs="logits" if from_logits else "sigmoids",
        loss=f"keras.losses.CategoricalCrossentropy(from_logits={from_logits}{smoothing})",
        early=_EARLY.format(patience=settings.early_stopping) if settings.early_stopping else "",
        augmentation=_augmentation(settings, preprocessing),
    )


def _standard_library(dataset: str, settings: Settings) -> str:
    needed = {"gzip": dataset not in _DATASETS}
    needed["math"] = "math." in script.SCHEDULES[settings.schedule]
    lines = "".join(f"import {name}\n" for name, is_needed in needed.items() if is_needed)
    return f"{lines}\n" if lines else ""


def _file_reader(data: DataSet) -> str:
    """A function that fetches and reads the files of a data set that Keras does not know. Their
    addresses and checksums are torchvision's. Raises DataError for files of another kind."""
    import torchvision

    source = getattr(torchvision.datasets, str(data.torchvision_name))
    resources = [name for name, _ in source.resources]
    if [name.removesuffix("-ubyte.gz") for name in resources] != list(FILES):
        raise DataError(f"{data.label}: Keras cannot read its files. Take the PyTorch script.")
    files = "".join(f"    ({name!r}, {md5!r}),\n" for name, md5 in source.resources)
    return _FILE_READER.format(mirror=source.mirrors[0], files=files, folder=data.name)


def _notes(settings: Settings) -> str:
    """What this script does otherwise than the app, each in a sentence."""
    notes = []
    if settings.weight_decay and OPTIMIZERS[settings.optimizer].torch_name != "AdamW":
        notes.append("Keras takes weight decay off the weights; PyTorch adds it to the gradient.")
    if settings.handwriting:
        notes.append("Of Handwriting, Keras has the turning, slanting, moving and scaling only.")
    return "".join(f"\n{note}\n" for note in notes)


def _model(architecture: Architecture) -> str:
    channels, height, width = INPUT_SHAPE
    image = f"{' ' * 12}keras.Input(({height}, {width}, {channels})),  # channels last\n"
    return image + script.layer_lines(architecture, keras=True)


def _helpers(architecture: Architecture) -> str:
    """The classes that Keras lacks, for the layers that are switched on."""
    names = (name for x in architecture.all_layers if x.enabled for name in x.keras_helpers)
    return "".join(f"{_HELPERS[name]}\n\n" for name in dict.fromkeys(names))


def _optimizer(settings: Settings) -> str:
    choice = OPTIMIZERS[settings.optimizer]
    name, fixed = _OPTIMIZERS[choice.torch_name]
    options = {**fixed, **choice.arguments, "weight_decay": settings.weight_decay or None}
    return f"keras.optimizers.{name}(LEARNING_RATE{script.arguments(options)})"


def _augmentation(settings: Settings, preprocessing: Preprocessing) -> str:
    """What is compiled and fitted: the model, led by layers that change images at random."""
    if not settings.augments:
        return "    training = model\n"
    from cnn.training import augmentation

    strength = settings.handwriting
    amounts = {
        "Translation": max(settings.shift, augmentation.SHIFT * strength) / INPUT_SHAPE[1],
        "Rotation": max(settings.rotation, augmentation.ROTATION * strength) / 360,
        "Zoom": max(settings.scale, augmentation.SCALE * strength) / 100,
        "Shear": max(settings.shear, augmentation.SHEAR * strength) / 90,
    }
    lines = ""
    for name, amount in amounts.items():
        if amount:
            both = f"{amount:.6g}, {amount:.6g}" if name == "Translation" else f"{amount:.6g}"
            fill = 0.0 - preprocessing.mean / preprocessing.std
            outside = f'fill_mode="constant", fill_value={fill:.6g}'
            lines += f"        layers.Random{name}({both}, {outside}),\n"
    return (
        f"    augmentation = [\n{lines}    ]\n"
        "    training = keras.Sequential([*augmentation, model])\n"
    )


_HELPERS = {
    "ResidualBlock": '''\
@keras.saving.register_keras_serializable()
class ResidualBlock(layers.Layer):
    """conv-bn-relu-conv-bn plus the input, then relu (He and others, 2015)."""

    def __init__(self, filters, kernel_size, stride, project=False, **kwargs):
        super().__init__(**kwargs)

        def conv(kernel_size, stride):
            return layers.Conv2D(
                filters,
                kernel_size,
                strides=stride,
                use_bias=False,
                kernel_initializer=torch_init(),
            )

        self.pad = layers.ZeroPadding2D(kernel_size // 2)
        self.conv1 = conv(kernel_size, stride)
        self.norm1 = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        self.conv2 = conv(kernel_size, 1)
        self.norm2 = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
        self.project = None
        if project:
            self.project = conv(1, stride)
            self.project_norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)

    def call(self, x, training=False):
        y = ops.relu(self.norm1(self.conv1(self.pad(x)), training=training))
        y = self.norm2(self.conv2(self.pad(y)), training=training)
        if self.project is not None:
            x = self.project_norm(self.project(x), training=training)
        return ops.relu(y + x)
''',
}

_START = """\
    first = next(layer for layer in model.layers if isinstance(layer, layers.Conv2D))
    kernel, *rest = first.get_weights()  # (height, width, input maps, filters)
    kernel[:, :, 0, 0] = FIRST_FILTER
    first.set_weights([kernel, *rest])
"""
_READ_KERAS = """\
    (x, y), (test_x, test_y) = keras.datasets.{name}.load_data()
"""
_READ_FILES = """\
    x, y, test_x, test_y = (read_file(name, md5) for name, md5 in FILES)
"""
_FILE_READER = '''\
MIRROR = "{mirror}"
FILES = [  # training images and labels, test images and labels; the MD5 of each
{files}]


def read_file(name, md5):
    """One file in MNIST's format, fetched once: images (N, 28, 28) or labels (N,), as bytes."""
    path = keras.utils.get_file(name, MIRROR + name, file_hash=md5, cache_subdir="{folder}")
    with gzip.open(path) as file:
        content = file.read()
    sides = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(sides)


'''

_SCRIPT = '''\
"""{title} on {data}, in Keras 3.

    pip install keras torch      (or tensorflow, or jax: set KERAS_BACKEND)
    python train_keras.py

{facts}. Written by the CNN playground.
{note}"""

{standard_library}import keras
import numpy as np
from keras import {imports}

{constants}


def torch_init():
    """PyTorch's weight initialisation: uniform within 1 / sqrt(inputs)."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


{helpers}def make_model():
    """The network: float32 images (N, 28, 28, 1), normalised, to {outputs} (N, classes)."""
    return keras.Sequential(
        [
{model}
        ]
    )


def prepare(images):
    """Images (N, 28, 28) as bytes, ink bright, to the network's input (N, 28, 28, 1)."""
    return ((images.astype("float32") - MEAN * 255) / (STD * 255))[..., None]


{schedule}

class Schedule(keras.callbacks.Callback):
    """Sets the learning rate before every step."""

    step = 0

    def on_train_batch_begin(self, batch, logs=None):
        progress = self.step / (self.params["steps"] * self.params["epochs"])
        self.model.optimizer.learning_rate = LEARNING_RATE * schedule(progress)
        self.step += 1


{reader}def load_data():
    """Training and test images, and their labels one-hot."""
{read}    order = np.random.default_rng(SEED).permutation(len(x))
    x, y = prepare(x[order]), keras.utils.to_categorical(y[order], {classes})
    return x, y, prepare(test_x), keras.utils.to_categorical(test_y, {classes})


def main():
    """Train, and print the accuracy after each epoch."""
    keras.utils.set_random_seed(SEED)
    model = make_model()
{start}{augmentation}    training.compile(
        optimizer={optimizer},
        loss={loss},
        metrics=["accuracy"],
    )
    x, y, test_x, test_y = load_data()
    held_out = (x[:VALIDATION_IMAGES], y[:VALIDATION_IMAGES]) if VALIDATION_IMAGES else None
    training.fit(
        x[VALIDATION_IMAGES:],
        y[VALIDATION_IMAGES:],
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=held_out,
        callbacks=[Schedule(){early}],
        verbose=2,
    )
    _, accuracy = training.evaluate(test_x, test_y, verbose=0)
    print(f"test accuracy {{accuracy:.2%}}")
    model.save("model.keras")


if __name__ == "__main__":
    main()
'''
