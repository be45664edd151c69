"""Become a command after writing one's number into the lock that one was handed.

`python hold.py DESCRIPTOR COMMAND ...`: run by `local`. The process that holds the lock says itself
who it is, so that it can be found whatever happened to who started it.
"""

import os
import sys


def main() -> None:
    """Write it, and become the command."""
    descriptor = int(sys.argv[1])
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
