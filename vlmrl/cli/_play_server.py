"""The playground on the web, for this machine alone: a socket of 127.0.0.1, and an address that nobody can guess."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    import gradio as gr
    import uvicorn

HERE = "127.0.0.1"
FIRST, TRIED = 7860, 100
"""Where a free port is looked for, and how many are tried."""
LARGEST_UPLOAD = "1gb"
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "DejaVu Sans", "sans-serif")
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3.5" fill="#0072b2"/></svg>'
MONO = ("ui-monospace", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")


@dataclass
class Served:
    """A page that is about to be served.

    Attributes:
        url: where.
        server: run it with :meth:`run`; ``server.should_exit = True`` ends it.
    """

    url: str
    server: uvicorn.Server
    _bound: socket.socket

    def run(self) -> None:
        """Serve until Ctrl-C, which is how it is meant to end, or until it is told to."""
        try:
            # The server ends in peace and raises the signal anew, which asyncio sometimes takes for itself.
            with suppress(KeyboardInterrupt):
                self.server.run(sockets=[self._bound])
        finally:
            self._bound.close()


def bind(port: int | None) -> socket.socket:
    """A socket of this machine alone.

    Args:
        port: which; None takes the first that is free from 7860 on.

    Raises:
        ConfigError: it is in use, or may not be used.
    """
    for candidate in range(FIRST, FIRST + TRIED) if port is None else (port,):
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HERE, candidate))
            bound.listen()
        except OSError as cause:
            bound.close()
            reason = cause.strerror or str(cause)
        else:
            return bound
    tried = port if port is not None else f"{FIRST}..{FIRST + TRIED - 1}"
    raise ConfigError(f"port={tried}: cannot be listened at: {reason}; give another, such as port=8123")


def serve(blocks: gr.Blocks, bound: socket.socket, css: Path) -> Served:
    """Put a page on a socket, below a path that only who is told it knows: other users share this machine's 127.0.0.1.

    Nothing is asked of the net: fonts are the system's, nothing is counted or shared.
    """
    import gradio as gr
    import uvicorn
    from fastapi import FastAPI, Response
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # A page of elsewhere whose name was turned to 127.0.0.1 comes with that name.
    app = FastAPI(openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HERE, "localhost"])
    app.add_api_route("/favicon.ico", lambda: Response(ICON, media_type="image/svg+xml"))
    path = f"/{secrets.token_urlsafe(12)}"
    port = bound.getsockname()[1]
    gr.mount_gradio_app(
        app,
        blocks,
        path,
        server_name=HERE,
        server_port=port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=LARGEST_UPLOAD,
        theme=gr.themes.Base(primary_hue="blue", neutral_hue="slate", font=SANS, font_mono=MONO),
        css_paths=css,
    )
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    return Served(f"http://{HERE}:{port}{path}/", uvicorn.Server(config), bound)
