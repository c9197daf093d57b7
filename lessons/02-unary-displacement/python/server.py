"""The server: it measures, and says what is missing."""

import math
import os
import re
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# Read when gRPC is loaded: its own log would add a second line to our error messages.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import displacement_pb2_grpc
import grpc
from displacement_pb2 import Displacement, DisplacementResponse, Point

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


# ANCHOR: servicer
class DisplacementServicer(displacement_pb2_grpc.DisplacementServiceServicer):
    """Implements the service `my_package.DisplacementService`."""

    def computeDisplacement(
        self, request: Displacement, context: grpc.ServicerContext
    ) -> DisplacementResponse:
        # There is no None here as in Rust: `request.end` is (0, 0) when it is missing, too.
        for field in ("start", "end"):
            if not request.HasField(field):
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{field} is missing")
        return DisplacementResponse(distance=distance(request.start, request.end))
# ANCHOR_END: servicer


# ANCHOR: distance
def distance(start: Point, end: Point) -> float:
    """The length of the straight line from `start` to `end`, in the unit of their coordinates."""
    # An int has as many bits as it needs. The response makes an f32 of the result.
    return math.hypot(end.x - start.x, end.y - start.y)
# ANCHOR_END: distance


def serve(addr: str = ADDR) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets several servers share a port, and each gets some of the calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=options)
    displacement_pb2_grpc.add_DisplacementServiceServicer_to_server(DisplacementServicer(), server)

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
