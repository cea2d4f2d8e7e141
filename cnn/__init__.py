"""The engine of the CNN playground: networks, training, looking inside. It never imports Streamlit.

Modules that a page needs before its first paint (`layers`, `architecture`, `presets`, `settings`,
`runs`) import no torch either; the rest do.
"""
