"""Streamlit pieces, in folders named like the pages they stand on; `shared` serves several."""
