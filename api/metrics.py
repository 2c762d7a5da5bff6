"""What the server measures, for Prometheus: ``/metrics``. Numbers only: no name, no address, nothing anybody wrote."""

from collections.abc import Iterator
from itertools import accumulate

from fastapi import FastAPI, Request
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caching import UNCACHED
from chat import Chat
from chat.measures import BOUNDS, Histogram

METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
FORBIDDEN = 403
LIMITS = (*(str(bound) for bound in BOUNDS), '+Inf')


def install(app: FastAPI, chat: Chat) -> None:
    """Answer ``/metrics``, and count what is asked of the app; of several chats the last one counts."""
    # A registry of its own for each chat: the library's is one for the process, and takes every name once.
    disable_created_metrics()  # type: ignore[no-untyped-call] # when each number began: as many lines again
    registry = CollectorRegistry()
    registry.register(Measured(chat))
    ProcessCollector(registry=registry)
    app.state.registry, app.state.totals = registry, chat.totals
    app.add_api_route('/metrics', metrics, methods=['GET', 'HEAD'], include_in_schema=False)
    app.add_middleware(CountAnswers, registry)


async def metrics(request: Request) -> Response:
    """Return all numbers as Prometheus reads them."""
    await request.app.state.totals.refresh()
    text = generate_latest(request.app.state.registry)
    return Response(text, headers={'Content-Type': CONTENT_TYPE_LATEST, **UNCACHED})


class Measured(Collector):
    """Reads the chat's own numbers when somebody asks, so that keeping them costs next to nothing."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def collect(self) -> Iterator[Metric]:
        """Yield everything as of now."""
        yield from self._now()
        yield from self._so_far()
        if not self._chat.bus.is_alone:
            yield from self._bus()
        yield from self._times()

    def _now(self) -> Iterator[Metric]:
        chat, measures = self._chat, self._chat.measures
        doors = GaugeMetricFamily('hearth_connections', 'Open connections.', labels=['door'])
        for door, count in measures.connections.items():
            doors.add_metric([door], count())
        yield doors
        for name, words, number in (
            ('hearth_rooms_active', 'Rooms that somebody listens to.', chat.room_state.active_rooms),
            ('hearth_listeners', 'Listeners in all rooms.', chat.room_state.listeners),
            ('hearth_users_online', 'People who are on any server, or were a minute ago.', len(measures.online)),
        ):
            yield GaugeMetricFamily(name, words, number)
        for what, number in chat.totals.counts.items():
            words = what.replace('_', ' ')
            yield GaugeMetricFamily(f'hearth_{what}', f'Stored {words}, as of a minute ago.', number)

    def _so_far(self) -> Iterator[Metric]:
        measures = self._chat.measures
        events = CounterMetricFamily('hearth_events', 'Changes of rooms, by whichever door.', labels=['type'])
        for kind, count in measures.events.items():
            events.add_metric([kind], count)
        yield events
        told = measures.deliveries
        yield CounterMetricFamily('hearth_deliveries', 'Events told to listeners as they happened.', told)
        words = 'Connections that were closed because more waited for them than may.'
        drops = CounterMetricFamily('hearth_queue_drops', words, labels=['door'])
        for door in measures.connections:
            drops.add_metric([door], measures.drops[door])
        yield drops

    def _bus(self) -> Iterator[Metric]:
        bus = self._chat.bus
        yield GaugeMetricFamily('hearth_redis_connected', 'Whether Redis can be used.', float(not bus.is_away))
        for name, words, number in (
            ('hearth_bus_told', 'Hints told to other servers.', bus.told),
            ('hearth_bus_heard', 'Hints heard of other servers.', bus.heard),
            ('hearth_bus_lost', 'Hints that could not be told; storage tells instead.', bus.lost),
        ):
            yield CounterMetricFamily(name, words, number)

    def _times(self) -> Iterator[Metric]:
        measures = self._chat.measures
        publishing = HistogramMetricFamily(
            'hearth_delivery_seconds', 'From an event, just stored, to the last listener that it was handed to.'
        )
        _add(publishing, [], measures.publishing)
        yield publishing
        storage = HistogramMetricFamily(
            'hearth_storage_seconds', 'From a question to storage to its answer, waiting included.', labels=['kind']
        )
        _add(storage, ['read'], measures.reads)
        _add(storage, ['write'], measures.writes)
        yield storage


class CountAnswers:
    """Counts answers by the route's template and their status, and how WebSockets are refused and closed."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._answers = Counter(
            'hearth_http_requests', 'Requests that were answered.', ['method', 'route', 'status'], registry=registry
        )
        self._refusals = Counter(
            'hearth_websocket_refusals', 'WebSockets that were not opened.', ['status'], registry=registry
        )
        self._closes = Counter(
            'hearth_websocket_closes', 'WebSockets that the server closed; 1013: too slow.', ['code'], registry=registry
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its answer."""
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
            return

        is_open = False

        async def counted(message: Message) -> None:
            nonlocal is_open
            match message['type']:
                case 'http.response.start' if scope['type'] == 'http':
                    self._answers.labels(method_of(scope), route_of(scope), message['status']).inc()
                case 'websocket.accept':
                    is_open = True
                case 'websocket.http.response.start':
                    self._refusals.labels(message['status']).inc()
                case 'websocket.close' if is_open:
                    self._closes.labels(message.get('code', 1000)).inc()
                case 'websocket.close':
                    self._refusals.labels(FORBIDDEN).inc()  # which is what the server makes of it
            await send(message)

        await self._app(scope, receive, counted)


def method_of(scope: Scope) -> str:
    """Return the method, if it is one that exists: a stranger could invent any number."""
    return scope['method'] if scope['method'] in METHODS else 'other'


def route_of(scope: Scope) -> str:
    """Return the template of the route that answers, never the path, which is as long and as private as may be."""
    route = scope.get('route')
    mount: str = scope.get('root_path', '')
    if route is not None:
        return f'{mount}{route.path}'
    return f'{mount}/*' if mount else 'other'


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    family.add_metric(labels, list(zip(LIMITS, accumulate(histogram.counts), strict=True)), histogram.total)
