"""Learn: ten lessons, each something to move, and experiments to set up."""

from cnn.lessons.catalogue import BY_ID
from ui.learn import lesson, overview
from ui.learn.state import get, open_link, write_address

open_link()
chosen = BY_ID.get(get().lesson or "")
if chosen:
    lesson.show(chosen)
else:
    overview.show()
write_address()
