"""The few things that Streamlit's theme cannot say, as one style sheet of constants."""

import streamlit as st

_CSS = """
<style>
.block-container { padding: 2.6rem 2.5rem 4rem; max-width: 1360px; }
h1 { letter-spacing: -0.02em; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* numbers that tick must not make the line dance */
.stProgress p, [data-testid="stCaptionContainer"] { font-variant-numeric: tabular-nums; }
/* a finger on the canvas draws, it does not scroll the page */
[data-testid="stBidiComponent"], .st-key-canvas * { touch-action: none; }
/* a beat (ui/pulse.py) has no body, and takes no gap */
[class*="st-key-pulse_"] { display: none; }
.st-key-layer-list [data-testid="stVerticalBlockBorderWrapper"] { transition: border-color .15s; }
@media (max-width: 640px) {
  [class*="st-key-only_wide"] { display: none; }
  .block-container { padding-left: 1rem; padding-right: 1rem; padding-top: 3.2rem; }
}
@media (min-width: 641px) { [class*="st-key-only_narrow"] { display: none; } }
</style>
"""


def apply() -> None:
    """Put the style sheet on the page."""
    st.html(_CSS)
