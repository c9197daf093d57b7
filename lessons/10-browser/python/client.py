"""The client: ordinary gRPC, which goes on working beside the page."""

import argparse
import sys

import grpc
from helloworld_pb2 import HelloRequest
from helloworld_pb2_grpc import GreeterStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for greetings, and prints what it answers."""
    print("Will try to greet world ...")
    with grpc.insecure_channel(addr) as channel:
        stub = GreeterStub(channel)
        request = HelloRequest(name="you")
        reply = stub.SayHello(request)
        print(f"Greeter client received: {reply.message}")

        for reply in stub.SayHello_v1(request):
            print(f"[CLIENT] SayHello invoked Greeter client received: {reply.message}")


def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"no server at {addr} (start one with `python server.py`): {error.details()}"
    return f"the call failed: {error.code().name}: {error.details()!r}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    args = parser.parse_args()
    try:
        run(args.addr)
    except grpc.RpcError as error:
        sys.exit(f"error: {explain(error, args.addr)}")
