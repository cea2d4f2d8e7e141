"""What several pages show or need: session state, run picker, fields, pictures."""
