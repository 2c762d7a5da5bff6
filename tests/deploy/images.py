"""What a Dockerfile says, played in a folder: each stage is a folder in it, and ``/app`` is ``app`` in that.

Only the instructions that deploy/Dockerfile has are known; another one is an error, so that nothing is passed over.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / 'deploy' / 'Dockerfile'
FOLDERS = ('app', 'venv', 'data', 'tmp')  # at the root of an image; all else belongs to the system
SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
READ_ONLY = """
mount --make-rprivate /
mount --bind "$1" "$1"
for each in data tmp; do mount --bind "$1/$each" "$1/$each"; done
mount -o remount,bind,ro "$1"
mount -o remount,bind,ro /
user=$2
shift 2
exec setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups "$@"
"""  # what "docker run --read-only" does, with the volume and /tmp left to write to


class Instruction(NamedTuple):
    """One instruction: its name in capitals, and what it says."""

    name: str
    text: str


class Health(NamedTuple):
    """How the image says that it is asked for its health."""

    interval: float
    timeout: float
    command: list[str]


def read(text: str) -> list[Instruction]:
    """Read a Dockerfile: comments gone, continued lines put together."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith('#')]
    joined = re.sub(r'\\\n\s*', '', '\n'.join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), rest.strip()) for name, rest in found]


def is_let_through(path: PurePosixPath, patterns: list[str]) -> bool:
    """Whether a .dockerignore lets a file through: the last pattern that fits it, or a folder above it, decides."""
    passes = True
    candidates = [path, *path.parents][:-1]
    for pattern in patterns:
        bare = pattern.removeprefix('!')
        if any(_fits(each, bare) for each in candidates):
            passes = pattern.startswith('!')
    return passes


def patterns_of(text: str) -> list[str]:
    """Return the patterns of a .dockerignore."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith('#')]


def _fits(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith('**/'):
        return fnmatch.fnmatchcase(path.name, pattern.removeprefix('**/'))
    return len(path.parts) == len(PurePosixPath(pattern).parts) and fnmatch.fnmatchcase(str(path), pattern)


class Player:
    """Builds the image's files, and knows afterwards how it wants to be run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = _python_for_everybody()
        self.user = '0:0'
        self.volumes: list[str] = []
        self.ports: list[str] = []
        self.stop_signal = 'SIGTERM'
        self.health: Health | None = None
        self.command: list[str] = []
        self.environment: dict[str, str] = {}
        self._arguments: dict[str, str] = {}
        self._stages: dict[str, Path] = {}
        self.base = ''
        self.root = folder
        self._work = '/'
        # What the image that is built upon has: a Python by this name.
        (folder / 'bin').mkdir()
        (folder / 'bin' / 'python').symlink_to(self.python)

    def play(self, instructions: list[Instruction]) -> None:
        """Do all of it."""
        for name, text in instructions:
            getattr(self, f'_{name.lower()}')(text)

    def here(self, text: str) -> str:
        """Put this folder in place of the root where a text names one of the image's folders."""
        return re.sub(rf'(?<![\w./-])/({"|".join(FOLDERS)})(?![\w-])', rf'{self.root}/\1', text)

    @property
    def ready_environment(self) -> dict[str, str]:
        """Return what a command of the image finds in its environment."""
        path = f'{self.folder}/bin:{SYSTEM_PATH}'
        return {'PATH': path} | {name: self.here(value) for name, value in self.environment.items()}

    @property
    def work(self) -> Path:
        """Return the folder that commands start in."""
        return Path(self.here(self._work))

    def _arg(self, text: str) -> None:
        name, _, default = text.partition('=')
        self._arguments[name] = default

    def _from(self, text: str) -> None:
        image, *rest = text.split()
        self.base = re.sub(r'\$\{(\w+)\}', lambda match: self._arguments[match[1]], image)
        name = rest[1] if rest else 'final'
        self.root = self._stages[name] = self.folder / name
        (self.root / 'tmp').mkdir(parents=True)
        (self.root / 'tmp').chmod(0o1777)
        self.environment, self.user, self._work = {}, '0:0', '/'

    def _env(self, text: str) -> None:
        before = {'PATH': f'{self.folder}/bin:{SYSTEM_PATH}', **self.environment}
        for assignment in shlex.split(text):
            name, _, value = assignment.partition('=')
            self.environment[name] = re.sub(r'\$(\w+)', lambda match: before[match[1]], value)

    def _workdir(self, text: str) -> None:
        self._work = text
        self.work.mkdir(exist_ok=True)

    def _copy(self, text: str) -> None:
        *sources, target = [part for part in text.split() if not part.startswith('--')]
        stage = re.match(r'--from=(\w+)', text)
        for source in sources:
            if stage:
                root = self._stages[stage[1]]
                shutil.copytree(
                    root / source.lstrip('/'), self.root / target.lstrip('/'), symlinks=True, dirs_exist_ok=True
                )
            else:
                self._copy_from_here(source, self.work / target)

    def _copy_from_here(self, source: str, target: Path) -> None:
        patterns = patterns_of((ROOT / '.dockerignore').read_text())
        tops = [each for each in ROOT.iterdir() if is_let_through(PurePosixPath(each.name), patterns)]
        asked = tops if source == './' else [ROOT / source]
        files = [file for top in asked for file in ([top] if top.is_file() else top.rglob('*')) if file.is_file()]
        assert files, source
        for file in files:
            name = file.relative_to(ROOT)
            if is_let_through(PurePosixPath(name.as_posix()), patterns):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target / name)

    def _run(self, text: str) -> None:
        done = subprocess.run(
            ['/bin/sh', '-ec', self.here(text)],
            cwd=self.work, env=self.ready_environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f'{text}\n{done.stdout}\n{done.stderr}'

    def _volume(self, text: str) -> None:
        self.volumes.append(text)

    def _expose(self, text: str) -> None:
        self.ports.append(text)

    def _user(self, text: str) -> None:
        self.user = text

    def _stopsignal(self, text: str) -> None:
        self.stop_signal = text

    def _healthcheck(self, text: str) -> None:
        options, _, command = text.partition('CMD ')
        numbers = dict(re.findall(r'--([a-z-]+)=([0-9]+)', options))
        self.health = Health(float(numbers['interval']), float(numbers['timeout']), json.loads(command))

    def _cmd(self, text: str) -> None:
        self.command = json.loads(text)

    def run_command(self, command: list[str]) -> list[str]:
        """Return how a command of the image is run by its user, with nothing to write to but volume and /tmp."""
        found = shutil.which(command[0], path=self.ready_environment['PATH'])
        assert found is not None
        inner = [found, *map(self.here, command[1:])]
        if not may_mount():
            return inner
        user = self.user if is_for_everybody(self.python) else '0:0'
        return ['unshare', '--mount', 'sh', '-ec', READ_ONLY, 'sh', str(self.root), user, *inner]


def may_mount() -> bool:
    """Whether this user can give a process a view of the file system of its own; only root outside of a cage can."""
    if not all(map(shutil.which, ('unshare', 'setpriv'))):
        return False
    tried = ['unshare', '--mount', 'mount', '--make-rprivate', '/']
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def is_for_everybody(program: Path) -> bool:
    """Whether a user of no rights can run a program."""
    resolved = program.resolve()
    return all(path.stat().st_mode & stat.S_IXOTH for path in (resolved, *resolved.parents))


def _python_for_everybody() -> Path:
    """Return a Python that can make virtual environments, and that everybody can run if there is such a one."""
    own = Path(getattr(sys, '_base_executable', sys.executable))
    asks = [sys.executable, '-c', 'import ensurepip']
    for each in (own, Path('/usr/local/bin/python3'), Path('/usr/bin/python3')):
        asks[0] = str(each)
        if each.exists() and is_for_everybody(each) and not subprocess.run(asks, capture_output=True).returncode:  # noqa: PLW1510
            return each
    return own


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return all that a folder holds, with sizes and times."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            status = os.lstat(os.path.join(parent, name))
            found[os.path.relpath(os.path.join(parent, name), folder)] = status.st_size, status.st_mtime_ns
    return found
