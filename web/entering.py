"""The addresses of links: one signs in another device, one makes or mends an account, one invites people."""

from starlette.requests import HTTPConnection

PATH = '/enter'  # with the token behind it
ACCOUNT_PATH = '/link'  # likewise
INVITATION_PATH = '/invite'  # likewise


def site(request: HTTPConnection, public_url: str | None) -> str:
    """Return where this site is, as whoever is asking came to it or as the settings say."""
    return public_url or f'{request.url.scheme}://{request.url.netloc}'


def account_address(site: str, token: str) -> str:
    """Return the whole address of a link that makes an administrator or sets a password, at ``site``."""
    return f'{site}{ACCOUNT_PATH}/{token}'


def invitation_address(site: str, token: str) -> str:
    """Return the whole address of an invitation at ``site``."""
    return f'{site}{INVITATION_PATH}/{token}'


def address(request: HTTPConnection, public_url: str | None, token: str) -> str:
    """Return the whole address of a link."""
    return f'{site(request, public_url)}{PATH}/{token}'
