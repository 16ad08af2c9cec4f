"""The trainer's command line: `python -m trainer SETTINGS.json [--processes N]`, or under `torchrun -m`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from daybreak.errors import DaybreakError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 wrong settings."""
    options = _parser().parse_args(arguments)
    # Waiting threads spin briefly: long spins slow a busy machine, none at all an idle one. Read when torch loads.
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    if options.die_with_parent is not None:
        from trainer.parallel.lifetime import die_with_parent

        die_with_parent(options.die_with_parent or None)
    try:
        if options.processes > 1 and "WORLD_SIZE" not in os.environ:
            return _launch(options)
        _train(options)
    except DaybreakError as error:
        print(f"trainer: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Train a model on token shards.")
    parser.add_argument("settings", type=Path, help="settings file, .json or .yaml (see trainer/settings.py)")
    parser.add_argument("--out", type=Path, help="output folder, in place of the file's own")
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes on this machine")
    parser.add_argument("--stop-after", type=int, metavar="STEP", help="save and stop after this step")
    parser.add_argument("--json", action="store_true", help="progress as JSON lines")
    parser.add_argument("--die-with-parent", type=int, nargs="?", const=0, metavar="PID",
                        help="end with the parent process (PID), even a killed one")  # fmt: skip
    return parser


def _train(options: argparse.Namespace) -> None:
    from trainer.settings import load_settings
    from trainer.train import train
    from trainer.watch.journal import Progress

    settings = load_settings(options.settings, options.out)
    train(settings, stop_after=options.stop_after, progress=Progress(as_json=options.json))


def _launch(options: argparse.Namespace) -> int:
    """Become the torchrun agent of `--processes` workers, which end with it."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as torchrun

    worker = ["-m", "trainer", str(options.settings), "--die-with-parent"]
    worker += ["--out", str(options.out)] if options.out else []
    worker += ["--stop-after", str(options.stop_after)] if options.stop_after else []
    worker += ["--json"] if options.json else []
    try:
        torchrun(["--standalone", "--nproc-per-node", str(options.processes), *worker])
    except ChildFailedError as error:
        return max(failure.exitcode for failure in error.failures.values()) if error.failures else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
