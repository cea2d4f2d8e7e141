"""Take it away (written below)."""


def section(architecture, problem):
    return None
