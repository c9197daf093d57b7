"""The server: a servicer, and what serves it."""

import argparse
import sys
from concurrent import futures

import grpc
import helloworld_pb2_grpc
from helloworld_pb2 import HelloReply, HelloRequest

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


class GreeterServicer(helloworld_pb2_grpc.GreeterServicer):
    """Implements the service `helloworld.Greeter`."""

    def SayHello(self, request: HelloRequest, context: grpc.ServicerContext) -> HelloReply:
        return HelloReply(message=f"Hello, {request.name}!")

    def SayHelloAgain(self, request: HelloRequest, context: grpc.ServicerContext) -> HelloReply:
        return HelloReply(message=f"Hello again, {request.name}!")


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
