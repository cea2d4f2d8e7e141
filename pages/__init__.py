"""One thin file per page: layout and words. Streamlit runs them; nothing imports them."""
