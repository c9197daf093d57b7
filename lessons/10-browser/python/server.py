"""The server: for programs, which speak gRPC. A page needs `bridge.py` between itself and this."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent import futures

import grpc
import helloworld_pb2_grpc
from helloworld_pb2 import HelloReply, HelloRequest

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# The longest pause between two greetings, in milliseconds: whoever asks keeps a thread busy.
MAX_PAUSE_MS = 1000


class GreeterServicer(helloworld_pb2_grpc.GreeterServicer):
    """Implements the service `helloworld.Greeter`."""

    def SayHello(self, request: HelloRequest, context: grpc.ServicerContext) -> HelloReply:
        return HelloReply(message=f"Hello, {request.name}!")

    def SayHello_v1(
        self, request: HelloRequest, context: grpc.ServicerContext
    ) -> Iterator[HelloReply]:
        if request.pause_ms > MAX_PAUSE_MS:
            why = f"pause_ms {request.pause_ms} is more than {MAX_PAUSE_MS}"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
        for i in range(5):
            if i > 0:
                time.sleep(request.pause_ms / 1000)
            print("[server] SayHello method invoked, returning response...")
            # Here a cancelled call ends: the generator is not asked to go on.
            yield HelloReply(message=f"Hello, {request.name}! - {i}")


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    helloworld_pb2_grpc.add_GreeterServicer_to_server(GreeterServicer(), server)
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
        # No new calls from now on. Those under way have five seconds to finish.
        server.stop(grace=5).wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    serve(parser.parse_args().addr)
