"""Looking inside a trained network: activations, arithmetic, attribution, filters, surgery.

Its modules are imported by name. All need torch.
"""
