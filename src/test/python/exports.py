"""``exports.py LINE…``: each line holds the arguments of one graft-export, run in one process."""

import shlex
import sys

from graft_export import cli

if __name__ == "__main__":
    for line in sys.argv[1:]:
        sys.argv = ["graft-export", *shlex.split(line)]
        if cli.export_command() != 0:
            raise SystemExit(f"graft-export {line} failed")
