"""Whoever watches over the server gets a plain answer, with no storage and no session asked."""

import httpx
import pytest
from fastapi import FastAPI

from api import health


@pytest.mark.parametrize('method', ['GET', 'HEAD'])
async def test_a_server_that_is_alive_says_so(method: str) -> None:
    app = FastAPI()
    health.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://chat.test') as client:
        answer = await client.request(method, '/healthz')
        assert answer.status_code == 200
        if method == 'GET':
            assert answer.json() == {'status': 'ok'}
        assert '/healthz' not in (await client.get('/openapi.json')).json()['paths']
