"""Where a browser sets out to a provider, and where it comes back."""

from starlette.requests import HTTPConnection

from web import entering

PATH = '/sign-in'  # with the provider's key behind it


def start_of(request: HTTPConnection, public_url: str | None, provider: str) -> str:
    """Return the whole address at which a browser sets out."""
    return f'{entering.site(request, public_url)}{PATH}/{provider}'


def return_of(request: HTTPConnection, public_url: str | None, provider: str) -> str:
    """Return the whole address at which it comes back, as the provider has to know it."""
    return f'{start_of(request, public_url, provider)}/callback'
