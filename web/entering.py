"""The address of a link that signs in another device."""

from starlette.requests import HTTPConnection

PATH = '/enter'  # with the token behind it


def site(request: HTTPConnection, public_url: str | None) -> str:
    """Return where this site is, as whoever is asking came to it or as the settings say."""
    return public_url or f'{request.url.scheme}://{request.url.netloc}'


def address(request: HTTPConnection, public_url: str | None, token: str) -> str:
    """Return the whole address of a link."""
    return f'{site(request, public_url)}{PATH}/{token}'
