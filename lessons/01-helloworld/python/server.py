"""The server: a servicer, and what puts it on a port."""

import os
import re
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# Read when gRPC is loaded: its own log would add a second line to our error messages.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import helloworld_pb2_grpc
from helloworld_pb2 import HelloReply, HelloRequest

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


# ANCHOR: servicer
class GreeterServicer(helloworld_pb2_grpc.GreeterServicer):
    """Implements the service `helloworld.Greeter`."""

    def SayHello(self, request: HelloRequest, context: grpc.ServicerContext) -> HelloReply:
        return HelloReply(message=f"Hello, {request.name}!")

    def SayHelloAgain(self, request: HelloRequest, context: grpc.ServicerContext) -> HelloReply:
        return HelloReply(message=f"Hello again, {request.name}!")
# ANCHOR_END: servicer


def serve(addr: str = ADDR) -> None:
    """Serves on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # ANCHOR: server
    # Without the option, Linux lets several servers share a port, and each gets some of the calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=options)
    helloworld_pb2_grpc.add_GreeterServicer_to_server(GreeterServicer(), server)
    # ANCHOR_END: server

    # ANCHOR: port
    # gRPC takes more than HOST:PORT: without a port it listens on 443, for 99999 on 34463.
    parts = re.fullmatch(r"([!-~]+):([0-9]{1,5})", addr)
    try:
        if not parts or int(parts[2]) > 65535:
            raise RuntimeError
        port = server.add_insecure_port(addr)
    except RuntimeError:
        give = "give another HOST:PORT; port 0 is any free one"
        sys.exit(f"error: cannot listen on {addr!r}: {give}")
    # ANCHOR_END: port

    # ANCHOR: start
    def stop(*_: object) -> None:
        # Calls that are under way may finish; new ones are refused. A second Ctrl-C ends it all.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.stop(grace=threading.TIMEOUT_MAX)

    server.start()
    # In this order: whoever has read the line can rely on Ctrl-C.
    signal.signal(signal.SIGINT, stop)
    print(f"Server started, listening on {parts[1]}:{port}")
    server.wait_for_termination()
    # ANCHOR_END: start


if __name__ == "__main__":
    # As in Rust, each line leaves at once and in UTF-8, even if it goes into a pipe.
    sys.stdout.reconfigure(encoding="utf-8", line_buffering=True)
    if len(sys.argv) > 2:
        sys.exit("error: say `python server.py [ADDR]`")
    try:
        serve(*sys.argv[1:])
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")
