"""The ten lessons as data: their words, what can be moved in them, their images and networks.

Nothing here needs torch.
"""

from cnn.lessons.catalogue import LESSONS, Carry, Lesson, Question
from cnn.lessons.glossary import GLOSSARY
from cnn.lessons.material import MaterialError, digits, network
from cnn.lessons.state import State, default_state, read_state, write_state

__all__ = [
    "GLOSSARY",
    "LESSONS",
    "Carry",
    "Lesson",
    "MaterialError",
    "Question",
    "State",
    "default_state",
    "digits",
    "network",
    "read_state",
    "write_state",
]
