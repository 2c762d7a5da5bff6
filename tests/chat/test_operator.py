"""The operator, who is known by a file in the folder of the server."""

import pytest

from chat import Chat


def test_the_token_of_the_operator_is_there_while_the_server_runs(chat: Chat) -> None:
    file = chat.settings.data / 'operator.token'
    token = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert chat.operator.is_known_by(token)
    chat.operator.start()
    assert file.read_text() == token
    chat.operator.stop()
    chat.operator.stop()
    assert not file.exists()
    assert not chat.operator.is_known_by(token)


@pytest.mark.parametrize('token', [None, '', 'wrong', 'ä', '\ud800'])
def test_nobody_else_is_the_operator(chat: Chat, token: str | None) -> None:
    assert not chat.operator.is_known_by(token)


def test_what_a_killed_server_left_is_replaced_and_not_written_into(chat: Chat) -> None:
    file = chat.settings.data / 'operator.token'
    chat.operator.stop()
    elsewhere = chat.settings.data / 'elsewhere'
    elsewhere.write_text('as it was')
    file.symlink_to(elsewhere)
    chat.operator.start()
    assert elsewhere.read_text() == 'as it was'
    assert not file.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_token_that_cannot_be_written_keeps_nobody_from_talking(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    chat.operator.stop()
    (chat.settings.data / 'operator.token').mkdir()
    chat.operator.start()
    assert 'cannot be written' in caplog.text
    chat.operator.stop()
