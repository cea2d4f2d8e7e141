"""Learn: the first page. What a convolution does, tried by hand, and the way into the app."""

import streamlit as st

from ui.learn import cards, filter_by_hand

st.title("How does a machine see a digit?")
st.markdown(
    "Build a convolutional network layer by layer, watch it learn from real handwriting, look at "
    "what every filter sees, and write digits at it. Start with one filter, by hand:"
)
filter_by_hand.show()
with st.container(horizontal=True):
    if st.button(
        "Train a whole network", type="primary", icon=":material/model_training:", key="go_train"
    ):
        st.switch_page("pages/train.py")
    if st.button("Build my own", icon=":material/layers:", key="go_design"):
        st.switch_page("pages/design.py")

st.subheader("Experiments to try")
st.caption("Each sets up a network and its settings. Press the button, then Train, and watch.")
cards.experiments()

st.subheader("From one filter to a network")
cards.ideas()
