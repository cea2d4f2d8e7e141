"""What stands before the app: who may ask, how much may be sent, and how it is logged."""
