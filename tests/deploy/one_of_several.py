"""Starts Hearth as one of several servers, though it stands alone: how it ends then needs no Redis."""

import runpy

from web import draining

if __name__ == '__main__':
    draining.is_one_of_several = lambda settings: True  # type: ignore[assignment]
    runpy.run_path('main.py', run_name='__main__')
