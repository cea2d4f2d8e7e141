"""Teacher: who trains what, a challenge for the class, its digits. The teacher's alone."""

import streamlit as st

from ui.shared import state, visitor
from ui.shared.choice import choose
from ui.shared.refresh import refreshing
from ui.teacher import challenge, class_room, wall

LOOK_SECONDS = 3.0

state.get()  # first: it runs app.py where a visit began without it
if not visitor.is_teacher():  # whatever the address says
    st.stop()
st.title("Teacher")
st.markdown("Who trains what on this server, a challenge for the class, and the digits it shared.")
part = choose(
    "Part", ["Queue", "Challenge", "Digits", "Disk"], "teacher_part", label_visibility="collapsed"
)
if part == "Queue":
    class_room.machine()
    refreshing(class_room.queue, LOOK_SECONDS, "teacher_queue")()
elif part == "Challenge":
    challenge.show()
elif part == "Digits":
    wall.show()
else:
    class_room.workspaces_table()
