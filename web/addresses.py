"""Who counts as one when strangers are counted."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

IPV6_HOME = 64  # bits: every home gets so large a network that its single addresses mean nothing


def address_of(scope: Scope) -> str:
    """Return the address a request is counted under: an IPv4 address or an IPv6 network.

    It is the server's own view of the client. Behind a proxy that means: tell uvicorn whose X-Forwarded-For to believe
    (FORWARDED_ALLOW_IPS), or everybody counts as the proxy.
    """
    client = scope.get('client')
    host = str(client[0]) if client else ''
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_HOME), strict=False))
