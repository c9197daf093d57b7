"""The client: each kind of stream once."""

import argparse
import sys
from collections.abc import Iterator

import grpc
from helloworld_pb2 import HelloRequest
from helloworld_pb2_grpc import GreeterStub
from request_streaming_pb2 import OK, STARVED, THIRSTY, TIRED, UNKNOWN, Data
from request_streaming_pb2_grpc import RequestStreamingStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Talks to the server at `addr` (HOST:PORT) in streams and prints what it answers."""
    print("Will try to greet world ...")
    with grpc.insecure_channel(addr) as channel:
        # Two stubs, one channel: both services are called over the same connection.
        greet(GreeterStub(channel))
        report(RequestStreamingStub(channel))


def greet(stub: GreeterStub) -> None:
    """Makes a call of each kind that has a stream in it."""
    for reply in stub.SayHello_v1(HelloRequest(name="you")):
        print_reply(reply.message)

    reply = stub.SayHello_v2(generate_requests())
    print_reply(reply.message)

    # The first reply may be there before the last request has been sent.
    for reply in stub.SayHello_v3(generate_requests()):
        print_reply(reply.message)


def report(stub: RequestStreamingStub) -> None:
    """Sends five states that are all there already."""
    print("calling server...")
    messages = [
        Data(status=UNKNOWN, info="no record...."),
        Data(status=STARVED, info="Too long without food."),
        Data(status=THIRSTY, info="Requires watering."),
        Data(status=TIRED, info="Shutting down for the night."),
        Data(status=OK, info="OK."),
    ]
    stub.stream_state(iter(messages))


def print_reply(message: str) -> None:
    print(f"[CLIENT] SayHello invoked Greeter client received: {message}")


def generate_requests() -> Iterator[HelloRequest]:
    """Names four people, one whenever the connection has room for the next."""
    for name in ("Raf", "Gigi", "Pippo", "Pippozzo"):
        yield HelloRequest(name=name)


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
