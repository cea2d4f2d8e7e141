"""The engine of the CNN playground: networks, training, looking inside. It never imports Streamlit.

Modules that a page needs before its first paint (`layers`, `architecture`, `presets`, `settings`,
`runs`) import no torch either; the rest do.
"""

import os

# torch's CPU threads meet after every operation, and by default they wait there by spinning: while
# another process (the app, a second training) holds one core, the other burns its time slice in
# vain. Measured on two cores that are shared: 10 to 100 times slower. Sleeping costs a few per
# cent where nothing competes. Read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
