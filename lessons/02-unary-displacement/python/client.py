"""The client: one call that succeeds, and one that does not."""

import json
import re
import signal
import sys

import grpc
from displacement_pb2 import Displacement, DisplacementResponse, Point
from displacement_pb2_grpc import DisplacementServiceStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for two displacements, the second one without an end,
    and prints its answers."""
    # gRPC takes more than HOST:PORT: without a port it goes to 443, for 99999 to 34463.
    parts = re.fullmatch(r"[!-~]+:([0-9]{1,5})", addr)
    if not parts or int(parts[1]) > 65535:
        sys.exit(f"error: {addr!r} is no address: give HOST:PORT")
    # Without the option, it would look for the server behind the `http_proxy` of the environment.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(addr, options=options) as channel:
        stub = DisplacementServiceStub(channel)

        # ANCHOR: call
        print("calling server...")
        request = Displacement(start=Point(x=0, y=12), end=Point(x=12, y=14))
        response = stub.computeDisplacement(request)
        print(f"displacement from (0, 12) to (12, 14): {shortest(response.distance)}")
        # ANCHOR_END: call

        # ANCHOR: failure
        print("calling server without an end...")
        request = Displacement(start=Point(x=0, y=12))
        try:
            stub.computeDisplacement(request)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
                raise
            print(f"INVALID_ARGUMENT: {error.details()}")
        else:
            sys.exit("error: the server measured a displacement that has no end")
        # ANCHOR_END: failure


# ANCHOR: shortest
def shortest(distance: float) -> str:
    """The fewest digits that stand for this f32 and no other."""
    # Rust prints an f32 so. Python has only doubles, and would print 12.165525436401367.
    for digits in range(1, 10):
        text = f"{distance:.{digits}g}"
        if DisplacementResponse(distance=float(text)).distance == distance:
            break
    return text
# ANCHOR_END: shortest


def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"no server at {addr}: start one with `python server.py`"
    name, description = error.code().name, error.code().value[1]
    return f"the server answered {name}: {json.dumps(error.details() or description)}"


def main() -> None:
    # As in Rust, each line leaves at once and in UTF-8, even if it goes into a pipe.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback after Ctrl-C
    addr, *rest = sys.argv[1:] or [ADDR]
    if rest:
        sys.exit("error: say `python client.py [ADDR]`")
    try:
        run(addr)
    except grpc.RpcError as error:
        sys.exit(f"error: {explain(error, addr)}")
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
