"""What no cache may keep."""

import httpx

from chat import Chat


async def test_answers_with_a_secret_are_kept_nowhere(
    program: httpx.AsyncClient, chat: Chat, ada: dict[str, str]
) -> None:
    operator = {'Authorization': f'Bearer {(chat.settings.data / "operator.token").read_text()}'}
    await program.post('/rooms', json={'name': 'Workshop'}, headers=ada)
    for answer in (
        await program.post('/sessions', json={'name': 'Bo'}),
        await program.post('/sessions', json={'name': 'Cleo'}, headers={'Origin': 'https://front.example'}),
        await program.post('/rooms/workshop/hooks', json={'name': 'Builds'}, headers=ada),
        await program.post('/bots', json={'name': 'Robbie'}, headers=operator),
        await program.post('/bots/Robbie/tokens', headers=operator),
    ):
        assert answer.status_code == 201
        assert answer.headers['cache-control'] == 'no-store'
