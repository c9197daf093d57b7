"""A client of `examples/ends`: it ends three lists of names, each in another way."""

import argparse
import queue
import subprocess
import sys
from collections.abc import Iterator

import grpc
from helloworld_pb2 import HelloReply, HelloRequest
from helloworld_pb2_grpc import GreeterStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Ends three lists at the server at `addr` (HOST:PORT), and prints what it says of them."""
    with grpc.insecure_channel(addr) as channel:
        stub = GreeterStub(channel)
        news = stub.SayHello_v1(HelloRequest())
        # The server listens from now on.
        news.initial_metadata()

        print("----- closed: that was all -----")
        names, call = begin(stub)
        hear(news, 2)
        names.put(HelloRequest())
        names.put(None)
        hear(news)
        print(f"the reply: {call.result().message}")

        print("----- cancelled: the client gives up -----")
        names, call = begin(stub)
        hear(news, 2)
        call.cancel()
        hear(news)
        names.put(None)

        print("----- broken: the client is gone -----")
        with subprocess.Popen([sys.executable, __file__, addr, "--wait"]) as other:
            hear(news, 2)
            other.kill()
        hear(news)
        news.cancel()


def begin(stub: GreeterStub) -> tuple[queue.Queue, grpc.Future]:
    """Begins a list. What is put into the queue is sent, and `None` ends it."""
    names: queue.Queue = queue.Queue()
    for name in ("Raf", "Gigi"):
        names.put(HelloRequest(name=name))
    return names, stub.SayHello_v2.future(iter(names.get, None))


def hear(news: Iterator[HelloReply], count: int = 1) -> None:
    """Prints what the server says next."""
    for _ in range(count):
        print(f"the server: {next(news).message}")


def wait(addr: str) -> None:
    """Begins a list, and waits until it is killed."""
    with grpc.insecure_channel(addr) as channel:
        _names, call = begin(GreeterStub(channel))
        call.result()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    parser.add_argument("--wait", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        (wait if args.wait else run)(args.addr)
    except grpc.RpcError as error:
        sys.exit(f"error: the call failed: {error.code().name}: {error.details()!r}")
