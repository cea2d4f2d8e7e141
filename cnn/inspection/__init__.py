"""Looking inside a trained network, one subject a module. Each needs torch when it is called."""
