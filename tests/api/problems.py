"""How tests look at an error."""

import httpx


def problem(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Return status, code and field of an error, which has one shape everywhere."""
    body = answer.json()
    assert set(body) == {'error'}
    assert set(body['error']) == {'code', 'message', 'field'}
    assert body['error']['message']
    return answer.status_code, body['error']['code'], body['error']['field']
