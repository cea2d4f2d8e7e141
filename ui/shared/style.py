"""What Streamlit's theme has no setting for, as one style sheet."""

import streamlit as st

_CSS = """
<style>
.block-container { padding: 2.6rem 2.5rem 4rem; max-width: 1360px; }
h1 { letter-spacing: -0.02em; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* digits of one width, so that a changing number does not move the line */
.stProgress p, [data-testid="stCaptionContainer"] { font-variant-numeric: tabular-nums; }
/* a finger on the canvas draws and does not scroll the page */
[data-testid="stBidiComponent"], .st-key-canvas * { touch-action: none; }
/* the timer of a fragment that refreshes itself shows nothing, and takes no gap */
[class*="st-key-refresh_"] { display: none; }
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
