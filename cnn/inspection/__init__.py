"""Looking inside a trained network: activations, arithmetic, attribution, filters, surgery.

Its modules are imported by name. All but `example_filters` (the Learn page's) need torch.
"""
