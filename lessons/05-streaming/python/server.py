"""The server: it produces messages while the client takes them, and takes messages while the
client produces them. It holds one of them at a time, and of the names only their text."""

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

# Read when gRPC is loaded: its own log would add a second line to our error messages.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import helloworld_pb2_grpc
import request_streaming_pb2_grpc
from helloworld_pb2 import HelloReply, HelloRequest
from request_streaming_pb2 import Data, Empty, Status

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# How many bytes of names `SayHello_v2` takes. All of them go into one reply, and a client takes
# a message of 4 MiB at most, unless told otherwise; the rest of the reply needs less than 1 KiB.
MAX_NAMES = 4 * 1024 * 1024 - 1024

T = TypeVar("T")


class GreeterServicer(helloworld_pb2_grpc.GreeterServicer):
    """Implements the service `helloworld.Greeter`."""

    # ANCHOR: say-hello-v1
    def SayHello_v1(
        self, request: HelloRequest, context: grpc.ServicerContext
    ) -> Iterator[HelloReply]:
        # At each `yield` the generator stands still until the client has room for the reply.
        for i in range(5):
            print("[server] SayHello method invoked, returning response...")
            yield HelloReply(message=f"Hello, {request.name}! - {i}")
    # ANCHOR_END: say-hello-v1

    # ANCHOR: say-hello-v2
    def SayHello_v2(
        self, requests: Iterator[HelloRequest], context: grpc.ServicerContext
    ) -> HelloReply:
        names = bytearray()  # not a list, in which short names take far more than their bytes
        separator = b""
        for request in received(requests, context):
            print(f"[server] SayHello method invoked, with name {request.name}")
            names += separator + request.name.encode()
            separator = b" "
            if len(names) > MAX_NAMES:
                limit = f"more than {MAX_NAMES} bytes of names"
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, limit)
        return HelloReply(message=f"Hello, {names.decode()}!")
    # ANCHOR_END: say-hello-v2

    # ANCHOR: say-hello-v3
    def SayHello_v3(
        self, requests: Iterator[HelloRequest], context: grpc.ServicerContext
    ) -> Iterator[HelloReply]:
        # Otherwise the headers of the response leave with the first reply, and a client that
        # waits for them before it sends its first request waits for ever.
        context.send_initial_metadata(())
        for request in received(requests, context):
            print("[server] SayHello method invoked, returning response...")
            yield HelloReply(message=f"Hello, {request.name}!")
    # ANCHOR_END: say-hello-v3


class RequestStreamingServicer(request_streaming_pb2_grpc.RequestStreamingServicer):
    """Implements the service `my_package.RequestStreaming`."""

    # ANCHOR: stream-state
    def stream_state(self, payloads: Iterator[Data], context: grpc.ServicerContext) -> Empty:
        for payload in received(payloads, context):
            # On the wire an enum is a number, and a newer client may know more of them than we.
            known = payload.status in Status.values()
            status = Status.Name(payload.status) if known else payload.status
            print(f"payload Recv: status: {status} | info: {payload.info!r}")
        return Empty()
    # ANCHOR_END: stream-state


# ANCHOR: received
def received(requests: Iterator[T], context: grpc.ServicerContext) -> Iterator[T]:
    """`requests`, to their end."""
    yield from requests
    # They end at a message that is no protobuf, too: gRPC answers that by itself. A second answer,
    # from the method, would leave the call open in its books, and Ctrl-C would wait for ever.
    if not context.is_active():
        raise SystemExit  # leaves this call, not the server
# ANCHOR_END: received


def serve(addr: str = ADDR) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets several servers share a port, and each gets some of the calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=options)
    # ANCHOR: services
    helloworld_pb2_grpc.add_GreeterServicer_to_server(GreeterServicer(), server)
    request_streaming_pb2_grpc.add_RequestStreamingServicer_to_server(
        RequestStreamingServicer(), server
    )
    # ANCHOR_END: services

    # gRPC takes more than HOST:PORT: without a port it listens on 443, for 99999 on 34463.
    parts = re.fullmatch(r"([!-~]+):([0-9]{1,5})", addr)
    try:
        if not parts or int(parts[2]) > 65535:
            raise RuntimeError
        port = server.add_insecure_port(addr)
    except RuntimeError:
        give = "give another HOST:PORT; port 0 is any free one"
        sys.exit(f"error: cannot listen on {addr!r}: {give}")

    def stop(*_: object) -> None:
        # Calls that are under way may finish; new ones are refused. A second Ctrl-C ends it all.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.stop(grace=threading.TIMEOUT_MAX)

    server.start()
    # In this order: whoever has read the line can rely on Ctrl-C.
    signal.signal(signal.SIGINT, stop)
    print(f"Server started, listening on {parts[1]}:{port}")
    server.wait_for_termination()


if __name__ == "__main__":
    # As in Rust, each line leaves at once and in UTF-8, even if it goes into a pipe.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    if len(sys.argv) > 2:
        sys.exit("error: say `python server.py [ADDR]`")
    try:
        serve(*sys.argv[1:])
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")
