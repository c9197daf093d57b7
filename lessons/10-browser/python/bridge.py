"""A bridge from a page to a server that speaks gRPC only: grpcio speaks no gRPC-Web.

It hands out the page of the lesson, and passes its calls on. A message crosses as it is, behind
its five bytes; only the trailers have to be put into the body. `tonic-web` does the same within
the server.
"""

import argparse
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import grpc

# This machine only.
ADDR = "127.0.0.1:8080"

# Where the server is that it passes calls on to.
SERVER = "127.0.0.1:50051"

# The files of the page, by their paths.
PAGE = Path(__file__).parents[1] / "src" / "page"
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/greeter.js": ("greeter.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
}

# How long a request may be, in bytes: it is kept as a whole.
MAX_LENGTH = 4 * 1024 * 1024

# The units of a timeout, in seconds.
UNITS = {"H": 3600, "M": 60, "S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}


class Bridge(BaseHTTPRequestHandler):
    """Answers a request of a page."""

    channel: grpc.Channel

    def do_GET(self) -> None:
        """Hands out a file of the page."""
        if self.path not in FILES:
            self.send_error(404)
            return
        name, kind = FILES[self.path]
        self.begin(kind)
        self.wfile.write((PAGE / name).read_bytes())

    def do_POST(self) -> None:
        """Passes a call on, and its answer back."""
        if self.headers["content-type"] != "application/grpc-web+proto":
            # What a browser sends without asking first, for a page of whatever origin.
            self.send_error(415)
            return
        try:
            length = int(self.headers["content-length"])
            timeout = self.headers["grpc-timeout"]
            seconds = int(timeout[:-1]) * UNITS[timeout[-1]] if timeout else None
        except (TypeError, ValueError, LookupError):
            self.send_error(400)
            return
        if not 5 <= length <= MAX_LENGTH:
            self.send_error(413)
            return
        message = self.rfile.read(length)[5:]
        # Without a serializer, a message is its bytes; and one reply is a short stream.
        call = self.channel.unary_stream(self.path)(message, timeout=seconds)
        self.begin("application/grpc-web+proto")
        try:
            for reply in call:
                self.wfile.write(framed(0, reply))
        except grpc.RpcError:
            pass  # which its trailers say, too
        except OSError:
            # The page is gone, and notices nothing any more.
            call.cancel()
            return
        status, message = call.code().value[0], quote(call.details())
        trailers = f"grpc-status:{status}\r\ngrpc-message:{message}\r\n"
        # Or it is gone by now, after the last reply.
        with suppress(OSError):
            self.wfile.write(framed(0x80, trailers.encode()))

    def begin(self, kind: str) -> None:
        """Begins an answer that goes on until the connection is closed."""
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of a request."""


def framed(kind: int, payload: bytes) -> bytes:
    """What is sent, behind its five bytes."""
    return bytes([kind]) + len(payload).to_bytes(4, "big") + payload


def serve(addr: str, server: str) -> None:
    """Serves pages on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    host, _, port = addr.rpartition(":")
    try:
        listener = ThreadingHTTPServer((host, int(port)), Bridge)
    except (OSError, ValueError, OverflowError) as error:
        sys.exit(f"error: cannot listen on {addr} (give another HOST:PORT): {error}")
    with listener, grpc.insecure_channel(server) as Bridge.channel:
        try:
            print(f"Server started, listening on {host}:{listener.server_port}")
            listener.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    parser.add_argument(
        "server", nargs="?", default=SERVER, help="of the gRPC server (default: %(default)s)"
    )
    args = parser.parse_args()
    serve(args.addr, args.server)
