"""`python -m cnn`: the command line, which `cnn.cli` holds."""

import sys

from cnn.training.torchrun import end_process, has_several_processes


def run() -> int:
    """Run one command. A worker may wait among many: it loads nothing of the other commands."""
    if sys.argv[1:2] == ["worker"]:
        from cnn.runs import worker

        return worker.main(sys.argv[2:])
    if sys.argv[1:2] == ["sweep-worker"]:
        from cnn.runs import sweep_worker

        return sweep_worker.main(sys.argv[2:])
    from cnn.cli import main

    return main()


if __name__ == "__main__":
    exit_code = run()
    if has_several_processes():
        end_process(exit_code)
    sys.exit(exit_code)
