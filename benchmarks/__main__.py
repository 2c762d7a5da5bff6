"""All that Hearth claims of the speed of its pages, as one table: ``python -m benchmarks [--rounds 5] [--seconds 10]``.

It takes about half an hour, in which the machine should do nothing else. ``python -m benchmarks.api_fanout`` measures
the door for programs.
"""

import argparse
import os
import platform
import sqlite3
from importlib.metadata import version

from benchmarks import page_fanout, page_opening, storing

PACKAGES = ('nicegui', 'uvicorn', 'uvloop', 'Flask-SocketIO', 'simple-websocket', 'gevent')


def main() -> None:
    """Measure everything and print the table and what it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('rounds', 5), ('pages', 100), ('seconds', 10)):
        parser.add_argument(f'--{name}', type=int, default=default)
    options = parser.parse_args()
    found = storing.lines(options.rounds)
    found += page_opening.lines(options.rounds, options.pages)
    found += page_fanout.lines(options.rounds, options.pages, options.seconds, page_fanout.MEASURES)
    page_fanout.table(found)
    print(f'\nMedians of {options.rounds} rounds, {options.seconds} s each; {machine()}.')


def machine() -> str:
    """Return what this machine is, and which versions ran on it."""
    packages = ', '.join(f'{name} {version(name)}' for name in PACKAGES)
    what = f'{platform.system()} {platform.release()} on {platform.machine()}, {os.cpu_count()} cores'
    return f'{what}; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}'


if __name__ == '__main__':
    main()
