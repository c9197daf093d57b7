"""The server: it measures, and says what is missing."""

import argparse
import math
import sys
from concurrent import futures

import displacement_pb2_grpc
import grpc
from displacement_pb2 import Displacement, DisplacementResponse, Point

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


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


def distance(start: Point, end: Point) -> float:
    """The length of the straight line from `start` to `end`, in the unit of their coordinates."""
    # An int has as many bits as it needs. The response makes an f32 of the result.
    return math.hypot(end.x - start.x, end.y - start.y)


def serve(addr: str) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    displacement_pb2_grpc.add_DisplacementServiceServicer_to_server(DisplacementServicer(), server)
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
