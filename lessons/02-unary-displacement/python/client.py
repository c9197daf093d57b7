"""The client: one call that succeeds, and one that does not."""

import argparse
import sys

import grpc
from displacement_pb2 import Displacement, DisplacementResponse, Point
from displacement_pb2_grpc import DisplacementServiceStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for two displacements, the second one without an end,
    and prints its answers."""
    with grpc.insecure_channel(addr) as channel:
        stub = DisplacementServiceStub(channel)

        print("calling server...")
        request = Displacement(start=Point(x=0, y=12), end=Point(x=12, y=14))
        response = stub.computeDisplacement(request, timeout=10)
        print(f"displacement from (0, 12) to (12, 14): {shortest(response.distance)}")

        print("calling server without an end...")
        request = Displacement(start=Point(x=0, y=12))
        try:
            stub.computeDisplacement(request, timeout=10)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                raise
            print(f"INVALID_ARGUMENT: {error.details()}")
        else:
            sys.exit("error: the server measured a displacement that has no end")


def shortest(distance: float) -> str:
    """The fewest digits that stand for this f32 and no other."""
    # Rust prints an f32 so. Python has only doubles, and would print 12.165525436401367.
    for digits in range(1, 10):
        text = f"{distance:.{digits}g}"
        if DisplacementResponse(distance=float(text)).distance == distance:
            break
    return text


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
