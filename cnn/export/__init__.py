"""A network to take away: scripts (`codegen`), weights, ONNX and zip (`formats`, checked by
`verify`), share links."""
