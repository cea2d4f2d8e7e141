"""The engine of the CNN playground: networks, training, looking inside. It never imports Streamlit.

Modules that a page needs before its first paint (`layers`, `architecture`, `presets`, `settings`,
`runs`) import no torch either; the rest do.
"""

import os

# torch's CPU threads meet after every operation, and by default they wait there by spinning: while
# another process (the app, a second training) holds one core, the other burns its time slice in
# vain, 10 to 100 times slower. Threads that sleep at once lose where nothing competes: small
# networks half their speed. So they spin for a moment and then sleep (benchmarks/README.md). Read
# when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "4000")
