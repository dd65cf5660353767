"""A chat endpoint on this machine, of OpenAI's protocol, that says what a test tells it to."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Says:
    """What the next questions are answered with, and what was asked.

    Each reply is a text, a status code, ``bytes`` sent as they are, a number of seconds to wait (float), or a function
    from the question to one of these; the last is said again and again.
    """

    def __init__(self, *replies):
        self.replies, self.asked, self.headers = list(replies), [], []

    def next(self, question):
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(question) if callable(reply) else reply


@contextmanager
def serving(*replies):
    """The endpoint's address, and what it says."""
    says = Says(*replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            says.asked.append(question)
            says.headers.append(dict(self.headers))
            reply = says.next(question)
            if isinstance(reply, float):
                time.sleep(reply)
                reply = "late"
            if isinstance(reply, int):
                self.send_response(reply)
                if reply in (301, 302, 307):
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                return
            body = (
                reply
                if isinstance(reply, bytes)
                else json.dumps({"choices": [{"message": {"content": reply}}]}).encode()
            )
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # nobody waits any more
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", says
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
