"""The server: it produces messages while the client takes them, and takes messages while the
client produces them. It holds one of them at a time, and of the names only their text."""

import argparse
import sys
from collections.abc import Iterator
from concurrent import futures

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


class GreeterServicer(helloworld_pb2_grpc.GreeterServicer):
    """Implements the service `helloworld.Greeter`."""

    def SayHello_v1(
        self, request: HelloRequest, context: grpc.ServicerContext
    ) -> Iterator[HelloReply]:
        # At each `yield` the generator stands still until the client has room for the reply.
        for i in range(5):
            print("[server] SayHello method invoked, returning response...")
            yield HelloReply(message=f"Hello, {request.name}! - {i}")

    def SayHello_v2(
        self, requests: Iterator[HelloRequest], context: grpc.ServicerContext
    ) -> HelloReply:
        names = bytearray()  # not a list, in which short names take far more than their bytes
        separator = b""
        for request in requests:
            print(f"[server] SayHello method invoked, with name {request.name}")
            names += separator + request.name.encode()
            separator = b" "
            if len(names) > MAX_NAMES:
                limit = f"more than {MAX_NAMES} bytes of names"
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, limit)
        return HelloReply(message=f"Hello, {names.decode()}!")

    def SayHello_v3(
        self, requests: Iterator[HelloRequest], context: grpc.ServicerContext
    ) -> Iterator[HelloReply]:
        # Otherwise the headers of the response leave with the first reply, and a client that
        # waits for them before it sends its first request waits for ever.
        context.send_initial_metadata(())
        for request in requests:
            print("[server] SayHello method invoked, returning response...")
            yield HelloReply(message=f"Hello, {request.name}!")


class RequestStreamingServicer(request_streaming_pb2_grpc.RequestStreamingServicer):
    """Implements the service `my_package.RequestStreaming`."""

    def stream_state(self, payloads: Iterator[Data], context: grpc.ServicerContext) -> Empty:
        for payload in payloads:
            # On the wire an enum is a number, and a newer client may know more of them than we.
            known = payload.status in Status.values()
            status = Status.Name(payload.status) if known else payload.status
            print(f"payload Recv: status: {status} | info: {payload.info!r}")
        return Empty()


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    helloworld_pb2_grpc.add_GreeterServicer_to_server(GreeterServicer(), server)
    request_streaming_pb2_grpc.add_RequestStreamingServicer_to_server(
        RequestStreamingServicer(), server
    )
    try:
        port = server.add_insecure_port(addr)
    except RuntimeError:
        sys.exit(f"error: cannot listen on {addr} (give another HOST:PORT)")
    server.start()
    try:
        print(f"Server started, listening on {addr.rsplit(':', 1)[0]}:{port}")
        server.wait_for_termination()
    except (KeyboardInterrupt, RuntimeError):
        # Now and then Ctrl-C breaks into the wait itself, which ends with a RuntimeError then.
        # No new calls from now on. Those under way have five seconds to finish. The timeout is for
        # calls that grpcio never ends, because a request in them was no protobuf.
        server.stop(grace=5).wait(timeout=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    serve(parser.parse_args().addr)
