"""The live stream of a run: its server side (reader, feed, routes) and what browsers share."""
