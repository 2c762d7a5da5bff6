"""How many pages one address may have built."""

from web import page_limits
from web.page_limits import LimitPageBuilds, PageBuildLimit


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_who_opens_too_many_pages_is_told_when_to_come_back(server):
    ask = {'accept': 'text/html', 'x-forwarded-for': '203.0.113.8'}
    before = server.state()['pages_built']
    answers = [server.get('/rooms/many', **ask) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert server.state()['pages_built'] == before + 5
    assert 0 < int(answers[-1].headers['retry-after']) <= 60
    assert 'You are opening pages too fast.' in answers[-1].text
    assert "default-src 'none'" in answers[-1].headers['content-security-policy']
    refused = server.get('/rooms/many', **{**ask, 'accept': '*/*'})
    assert refused.json()['error']['code'] == 'rate_limited'


def test_the_limit_holds_for_pages_and_for_one_address_only(server):
    for _ in range(8):
        server.get('/rooms/many', **{'x-forwarded-for': '203.0.113.9'})
    assert server.get('/state', **{'x-forwarded-for': '203.0.113.9'}).status_code == 200
    assert server.get('/rooms/many', **{'x-forwarded-for': '203.0.113.10'}).status_code == 200


def test_patience_is_rewarded_at_the_pace_of_the_limit():
    clock = Clock()
    limit = PageBuildLimit(per_minute=60, clock=clock)
    assert all(limit.check('a') for _ in range(60))
    assert not limit.check('a')
    assert limit.retry_after('a') == 1
    clock.now += 2
    assert [limit.check('a') for _ in range(3)] == [True, True, False]


def test_load_tests_can_turn_it_off():
    limit = PageBuildLimit(per_minute=1, enabled=False)
    assert all(limit.check('a') for _ in range(100))
    assert limit.retry_after('a') == 0


def test_addresses_are_forgotten_when_their_limit_no_longer_matters(monkeypatch):
    monkeypatch.setattr(page_limits, 'MOST_ADDRESSES', 10)
    clock = Clock()
    limit = PageBuildLimit(clock=clock)
    for number in range(100):
        limit.check(str(number))
        clock.now += 5
    assert len(limit._left) <= 11


def test_only_documents_are_counted():
    limits = LimitPageBuilds(None, PageBuildLimit())

    def counts(path, method='GET', kind='http'):
        return limits._is_page({'type': kind, 'method': method, 'path': path})

    assert counts('/')
    assert counts('/rooms/lobby')
    assert not counts('/rooms/lobby', 'POST')
    assert not counts('/join')
    assert not counts('/', kind='lifespan')
