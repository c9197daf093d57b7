"""The client: three calls on one channel."""

import argparse
import sys

import grpc
from teams_pb2 import TeamRequest
from teams_pb2_grpc import TeamsStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for the teams of three cities and prints them."""
    with grpc.insecure_channel(addr) as channel:
        stub = TeamsStub(channel)

        for city in ("Chicago", "Philadelphia", "Miami"):
            response = stub.GetTeam(TeamRequest(city=city))
            print(f"Teams client received: {response.city} {response.nickname}")


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
