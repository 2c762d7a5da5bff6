"""Who may know whom, and where scripts may be: read from the source, not from running it.

``main → pages | api → web → chat``. Each rule is also tried on a small tree that breaks it, or it could go blind.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ('chat', 'web', 'api', 'pages')
MAY_NOT_KNOW = {
    'chat': ('nicegui', 'fastapi', 'starlette', 'web', 'api', 'pages', 'main'),
    'web': ('api', 'pages', 'main'),
    'api': ('pages', 'main', 'chat.storage'),
    'pages': ('api', 'main', 'chat.storage'),
    'chat.storage': ('chat.room_state',),
    'chat.room_state': ('chat.storage',),
}
LOWEST = ('chat.models', 'chat.events', 'chat.errors')
NAMES_THAT_SAY_NOTHING = re.compile(r'utils?|helpers?|.*(manager|service)s?', re.IGNORECASE)
SCRIPT_FILES = {'.js', '.mjs', '.cjs', '.jsx', '.ts', '.tsx', '.vue'}
MENTION_SCRIPT_TAGS = ('web/headers.py', 'api/docs.py')  # which put the nonce on NiceGUI's own and Swagger UI's
RUNS_SCRIPTS = {'run_javascript', 'js_handler'}
ADDS_TO_THE_HEAD = {'add_head_html', 'add_body_html', 'add_css', 'add_scss', 'add_sass'}
NOT_SOURCE = ('data', 'build', 'node_modules', '__pycache__')


def test_everybody_knows_only_whom_they_may() -> None:
    assert list(forbidden_imports(ROOT)) == []


def test_names_say_what_is_inside() -> None:
    assert list(empty_names(ROOT)) == []


def test_there_are_no_scripts() -> None:
    assert list(script_files(ROOT)) == []
    assert list(script_tags(ROOT)) == []


def test_what_the_browser_runs_stands_in_one_file() -> None:
    assert list(scripts_elsewhere(ROOT)) == []


def forbidden_imports(root: Path) -> Iterator[str]:
    for path in source_files(root):
        importer = module_of(root, path)
        yield from (f'{importer} imports {each}' for each in imports(root, path) if not may_know(importer, each))


def may_know(importer: str, imported: str) -> bool:
    if importer in LOWEST and is_in(imported, 'chat'):
        return any(is_in(imported, each) for each in LOWEST)
    return not any(is_in(imported, whom) for who in MAY_NOT_KNOW if is_in(importer, who) for whom in MAY_NOT_KNOW[who])


def empty_names(root: Path) -> Iterator[str]:
    for path in python_files(root):
        parts = path.relative_to(root).with_suffix('').parts
        if any(NAMES_THAT_SAY_NOTHING.fullmatch(part) for part in parts):
            yield '/'.join(parts)


def script_files(root: Path) -> Iterator[str]:
    return (str(path.relative_to(root)) for path in files(root) if path.suffix.lower() in SCRIPT_FILES)


def script_tags(root: Path) -> Iterator[str]:
    for path in python_files(root):
        name = path.relative_to(root).as_posix()
        if (
            '<script' in path.read_text(encoding='utf-8').lower()
            and name not in MENTION_SCRIPT_TAGS
            and not is_test(name)
        ):
            yield name


def scripts_elsewhere(root: Path) -> Iterator[str]:
    for path in source_files(root):
        name = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text(encoding='utf-8'))
        constants = set(map(id, uses_of_browser_constants(tree)))
        for node in ast.walk(tree):
            word = name_in(node)
            is_script = word in RUNS_SCRIPTS and name != 'pages/browser.py' and id(node) not in constants
            if is_script or (word in ADDS_TO_THE_HEAD and name != 'pages/theme.py'):
                yield f'{name}:{line_of(node)} has {word}'


def uses_of_browser_constants(tree: ast.Module) -> Iterator[ast.AST]:
    """Find what only names a script: ``run_javascript(browser.NAME)`` and ``js_handler=browser.NAME``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and is_browser_constant(node.value):
            yield node
        elif isinstance(node, ast.Call) and len(node.args) == 1 and is_browser_constant(node.args[0]):
            yield node.func


def is_browser_constant(node: ast.expr) -> bool:
    is_attribute = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'browser'
    return is_attribute and name_in(node).isupper()


def name_in(node: ast.AST) -> str:
    """Return the identifier that this piece of code is or ends with, if any."""
    for kind, field in ((ast.Name, 'id'), (ast.Attribute, 'attr'), (ast.keyword, 'arg'), (ast.alias, 'name')):
        if isinstance(node, kind):
            return getattr(node, field) or ''
    return ''


def line_of(node: ast.AST) -> int:
    return getattr(node, 'lineno', 0)


def imports(root: Path, path: Path) -> Iterator[str]:
    """Name all that a file imports, wherever in it, ``from a import b`` as ``a.b``."""
    module = module_of(root, path)
    package = module if path.name == '__init__.py' else module.rpartition('.')[0]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split('.')[: len(package.split('.')) - node.level + 1] if node.level else []
            source = '.'.join([*above, *([node.module] if node.module else [])])
            yield from (f'{source}.{alias.name}' for alias in node.names)


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f'{package}.')


def module_of(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def is_test(name: str) -> bool:
    return name.startswith('tests/')


def source_files(root: Path) -> Iterator[Path]:
    return (path for path in python_files(root) if path.relative_to(root).parts[0] in (*PACKAGES, 'main.py'))


def python_files(root: Path) -> Iterator[Path]:
    return (path for path in files(root) if path.suffix == '.py')


def files(folder: Path) -> Iterator[Path]:
    """Find the files of the project: not what tools, virtual environments and the running server leave behind."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield path
        elif path.is_dir() and not is_left_behind(path):
            yield from files(path)


def is_left_behind(folder: Path) -> bool:
    return folder.name.startswith('.') or folder.name in NOT_SOURCE or (folder / 'pyvenv.cfg').exists()


# The rules at work, on trees that keep them and trees that break them.


def write(root: Path, name: str, source: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding='utf-8')


@pytest.mark.parametrize(
    ('name', 'source'),
    [
        ('main.py', 'import pages\nfrom api import create_api\nfrom web import startup\nfrom chat import Chat'),
        ('pages/room.py', 'from nicegui import ui\nfrom chat.room_state import Subscription\nfrom web import cookies'),
        ('api/rest.py', 'from fastapi import FastAPI\nfrom chat import Chat, text\nfrom web import origins'),
        ('web/headers.py', 'import starlette\nfrom chat.settings import Settings'),
        ('chat/rooms.py', 'from chat.storage import rooms\nfrom chat.room_state import RoomState\nimport webbrowser'),
        ('chat/events.py', 'from chat.models import User\nfrom . import errors'),
        ('tests/chat/test_rooms.py', 'import nicegui\nfrom chat.storage import rooms\nfrom pages import room'),
    ],
)
def test_allows(tmp_path: Path, name: str, source: str) -> None:
    write(tmp_path, name, source)
    assert list(forbidden_imports(tmp_path)) == []


@pytest.mark.parametrize(
    ('name', 'source', 'imported'),
    [
        ('chat/text.py', 'from nicegui import ui', 'nicegui.ui'),
        ('chat/text.py', 'def later():\n    import starlette.requests', 'starlette.requests'),
        ('chat/storage/rooms.py', 'from fastapi import FastAPI', 'fastapi.FastAPI'),
        ('chat/text.py', 'from web.origins import parse_host', 'web.origins.parse_host'),
        ('chat/__init__.py', 'import pages', 'pages'),
        ('web/headers.py', 'from api import health', 'api.health'),
        ('api/rest.py', 'from pages import room', 'pages.room'),
        ('pages/room.py', 'from api.schemas import Message', 'api.schemas.Message'),
        ('pages/room.py', 'from chat import storage', 'chat.storage'),
        ('api/rest.py', 'import chat.storage.rooms as rows', 'chat.storage.rooms'),
        ('chat/room_state.py', 'from chat.storage import Storage', 'chat.storage.Storage'),
        ('chat/room_state.py', 'from . import storage', 'chat.storage'),
        ('chat/storage/rooms.py', 'from ..room_state import RoomState', 'chat.room_state.RoomState'),
        ('chat/storage/__init__.py', 'from .. import room_state', 'chat.room_state'),
        ('chat/models.py', 'from chat import text', 'chat.text'),
        ('chat/events.py', 'if TYPE_CHECKING:\n    from chat.storage import Storage', 'chat.storage.Storage'),
        ('chat/errors.py', 'from .clock import now_ms', 'chat.clock.now_ms'),
    ],
)
def test_notices_a_forbidden_import(tmp_path: Path, name: str, source: str, imported: str) -> None:
    write(tmp_path, name, source)
    assert f'{module_of(tmp_path, tmp_path / name)} imports {imported}' in list(forbidden_imports(tmp_path))


@pytest.mark.parametrize('name', ['chat/utils.py', 'tests/helpers.py', 'chat/room_manager.py', 'chat/services/mail.py'])
def test_notices_a_name_that_says_nothing(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, '')
    write(tmp_path, 'chat/rooms.py', '')
    assert list(empty_names(tmp_path)) == [name.removesuffix('.py')]


def test_notices_scripts(tmp_path: Path) -> None:
    write(tmp_path, 'pages/room.js', '')
    write(tmp_path, 'tests/browser/steps.ts', '')
    write(tmp_path, 'pages/row.vue', '')
    write(tmp_path, 'pages/rows.py', "ROW = '<SCRIPT src=x>'")
    for allowed in ('web/headers.py', 'tests/chat/test_markup.py'):
        write(tmp_path, allowed, "TAG = '<script>'")
    write(tmp_path, '.venv/lib/some.js', '')
    write(tmp_path, 'environment/pyvenv.cfg', '')
    write(tmp_path, 'environment/lib/some.js', '')
    assert list(script_files(tmp_path)) == ['pages/room.js', 'pages/row.vue', 'tests/browser/steps.ts']
    assert list(script_tags(tmp_path)) == ['pages/rows.py']


@pytest.mark.parametrize(
    ('name', 'source', 'word'),
    [
        ('pages/room.py', 'ui.run_javascript("alert(1)")', 'run_javascript'),
        ('pages/room.py', 'ui.run_javascript(f"{browser.TELL}")', 'run_javascript'),
        ('pages/room.py', 'ui.run_javascript(code)', 'run_javascript'),
        ('pages/room.py', 'ui.run_javascript(browser.tell(name))', 'run_javascript'),
        ('pages/room.py', 'run = client.run_javascript', 'run_javascript'),
        ('pages/room.py', 'from nicegui.functions.javascript import run_javascript', 'run_javascript'),
        ('pages/room.py', 'button.on("click", js_handler="() => {}")', 'js_handler'),
        ('web/startup.py', 'ui.add_head_html("<b>")', 'add_head_html'),
        ('pages/browser.py', 'ui.add_body_html("<b>")', 'add_body_html'),
        ('pages/theme.py', 'ui.run_javascript("alert(1)")', 'run_javascript'),
    ],
)
def test_notices_what_the_browser_runs_elsewhere(tmp_path: Path, name: str, source: str, word: str) -> None:
    write(tmp_path, name, source)
    assert list(scripts_elsewhere(tmp_path)) == [f'{name}:1 has {word}']


@pytest.mark.parametrize(
    ('name', 'source'),
    [
        ('pages/browser.py', 'ui.run_javascript("tell()")'),
        ('pages/theme.py', 'ui.add_head_html("<link>")'),
        ('pages/room.py', 'client.run_javascript(browser.REPORT)\nlog.on("click", press, js_handler=browser.PRESSED)'),
    ],
)
def test_allows_scripts_that_stand_in_their_file(tmp_path: Path, name: str, source: str) -> None:
    write(tmp_path, name, source)
    assert list(scripts_elsewhere(tmp_path)) == []
