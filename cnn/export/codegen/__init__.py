"""The network and its training as source that people can take away: PyTorch and Keras.

    print(pytorch(architecture, settings, preprocessing, dataset="mnist"))

Every layer says itself (`Layer.torch_source`, `Layer.keras_source`); here it is set into a script
with data, optimiser, schedule and loop.
"""

from cnn.export.codegen._keras import keras
from cnn.export.codegen._torch import model_source, pytorch

__all__ = ["keras", "model_source", "pytorch"]
