"""Whether the server is alive, for whoever watches over it."""

from fastapi import FastAPI


def install(app: FastAPI) -> None:
    """Answer ``/healthz``."""

    @app.api_route('/healthz', methods=['GET', 'HEAD'], include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {'status': 'ok'}
