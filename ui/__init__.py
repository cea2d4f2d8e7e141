"""Streamlit pieces that several pages share. Pages import from here; nothing here knows a page."""
