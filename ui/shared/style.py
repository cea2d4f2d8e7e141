"""What Streamlit's theme has no setting for, as one style sheet."""

from functools import cache
from pathlib import Path

import streamlit as st

from cnn.figures.colours import LABELS
from ui.shared import state
from ui.shared.components import dark

_CSS = """
<style>
.block-container { padding: 2.6rem 2.5rem 4rem; max-width: 1360px; }
h1 { letter-spacing: -0.02em; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* digits of one width, so that a changing number does not move the line */
.stProgress p, [data-testid="stCaptionContainer"] { font-variant-numeric: tabular-nums; }
/* a finger on the canvas draws and does not scroll the page; everywhere else it scrolls */
.st-key-canvas, .st-key-canvas * { touch-action: none; }
/* the sheet takes the width there is; its tools stand beside it, on a phone below */
.st-key-canvas { flex: 0 1 auto; min-width: 0; max-width: 100%; }
.st-key-canvas > * { width: 100%; }
/* what is only heard takes no gap */
[class*="st-key-say_"], div:has(> [class*="st-key-say_"]) { position: absolute; width: 1px; }
#skip-link { position: fixed; top: -10rem; left: 1rem; z-index: 1000000; padding: 0.5rem 1rem;
  border-radius: 0.5rem; background: #14171d; color: #fff; outline: 2px solid #fff; }
#skip-link:focus { top: 0.5rem; }
[data-testid="stMain"]:focus { outline: none; }
/* which files an upload takes is said whole, in two lines where there is no width for one */
[data-testid="stFileUploaderDropzoneInstructions"] * { white-space: normal; overflow: visible;
  text-overflow: clip; }
[data-testid="stFileUploaderDropzone"] { height: auto; }
/* the tour's offer and its steps are of one height: nothing below moves */
.st-key-tour_offer, .st-key-tour_step { min-height: 2.75rem; padding: 0 0.8rem;
  border: 1px solid transparent; border-radius: 0.6rem; }
.st-key-tour_offer { padding-left: 0; }
.st-key-tour_step { border-color: color-mix(in srgb, currentColor 25%, transparent); }
/* a choice that is longer than its field ends in an ellipsis */
[data-testid="stSelectbox"] input { text-overflow: ellipsis; }
/* a number that has to be there needs no button that takes it away, but room for its digits */
[data-testid="stNumberInputClearButton"] { display: none; }
[class*="st-key-may_be_empty"] [data-testid="stNumberInputClearButton"] { display: flex; }
/* "Press Enter to apply" stands in the field: a text leaves room for it; a number has none to
   leave, and is taken as well when its field is left */
[data-testid="InputInstructions"] { white-space: nowrap; }
[data-testid="stNumberInput"] [data-testid="InputInstructions"] { display: none; }
[data-testid="stTextInput"]:has([data-testid="InputInstructions"]) input { padding-right: 8.5rem; }
[data-testid="stTextInput"]:has([data-testid="InputInstructions"] > :nth-child(2)) input {
  padding-right: 12rem; }
[data-testid="stTextArea"]:has([data-testid="InputInstructions"]) textarea {
  padding-bottom: 1.6rem; }
/* the timer of a fragment that refreshes itself shows nothing, and takes no gap */
[class*="st-key-refresh_"] { display: none; }
.st-key-layer-list [data-testid="stVerticalBlockBorderWrapper"] { transition: border-color .15s; }
/* what stands in such a container shows its icon alone; its name is for those who hear the page */
[class*="st-key-icon_only"] button [data-testid="stMarkdownContainer"],
[class*="st-key-icon_only"] button kbd {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
[class*="st-key-icon_only"] button { min-width: 2.5rem; padding-left: 0; padding-right: 0; }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation-duration: 1ms !important; transition-duration: 1ms !important;
    scroll-behavior: auto !important; }
}
@media (max-width: 640px) {
  [class*="st-key-only_wide"] { display: none; }
  [class*="st-key-desk_"] { flex-wrap: wrap !important; gap: 0.5rem; }
  [class*="st-key-desk_"] .st-key-canvas { width: 100% !important; flex-basis: 100%; }
  [class*="st-key-icon_only_canvas_tools"] { flex-direction: row !important;
    width: 13rem !important; min-width: 13rem; gap: 0.5rem; }
  div:has(> [class*="st-key-only_wide"]) { display: none; }
  .block-container { padding-left: 1rem; padding-right: 1rem; padding-top: 3.2rem; }
}
@media (min-width: 641px) { [class*="st-key-only_narrow"] { display: none; } }
</style>
"""


# Streamlit writes white on a primary button: hard to read on the dark theme's bright orange.
_DARK_CSS = """
<style>
[data-testid="stMain"] [data-testid="stBaseButton-primary"]:enabled { color: #14171d; }
</style>
"""


def apply() -> None:
    """Put the style sheet on the page."""
    small = LABELS["dark" if dark() else "light"]  # Streamlit's own is too faint for small type
    look = f"{{ color: {small} !important; opacity: 1 !important; }}"
    place = '[data-testid="stCaptionContainer"]'
    captions = f"<style>{place}, {place} > * {look}</style>"
    more = ["print", *(["print_dark"] if dark() else [])]
    more += ["projector"] if state.get().projector else []
    sheets = "".join(f"<style>{_sheet(name)}</style>" for name in more)
    st.html(_CSS + captions + (_DARK_CSS if dark() else "") + sheets)


@cache
def _sheet(name: str) -> str:
    return Path(__file__).with_name(f"{name}.css").read_text("utf-8")
