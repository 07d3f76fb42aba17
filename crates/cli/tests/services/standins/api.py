"""What the stand-ins share: JSON over HTTP on a loopback port, routes as a table, all that was asked kept in a log."""

import json
import re
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refused(Exception):
    def __init__(self, status, why):
        super().__init__(why)
        self.status, self.body = status, {"error": {"message": why}}


class Asked:
    def __init__(self, handler):
        self.headers, self.method = handler.headers, handler.command
        address = urllib.parse.urlsplit(handler.path)
        self.path, self.query = address.path, dict(urllib.parse.parse_qsl(address.query))
        self.raw = handler.rfile.read(int(handler.headers.get("content-length") or 0))

    def form(self):
        return urllib.parse.parse_qsl(self.raw.decode(), keep_blank_values=True)

    def json(self):
        return json.loads(self.raw)


def serve(routes, port=None):
    """`routes`: (method, pattern of the path, function of what was asked and of the pattern's groups)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            asked = Asked(self)
            try:
                for method, pattern, function in routes:
                    found = re.fullmatch(pattern, asked.path)
                    if method == asked.method and found:
                        status, body = function(asked, *found.groups())
                        break
                else:
                    raise Refused(404, f"no {asked.method} {asked.path} here")
            except Refused as refused:
                status, body = refused.status, refused.body
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = answer

        def log_message(self, form, *values):
            print(form % values, flush=True)

    ThreadingHTTPServer(("127.0.0.1", port or int(sys.argv[1])), Handler).serve_forever()
