"""The client: a channel to the server, a stub on that channel, calls on that stub."""

import json
import re
import signal
import sys

import grpc
from helloworld_pb2 import HelloRequest
from helloworld_pb2_grpc import GreeterStub

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for greetings and prints them."""
    print("Will try to greet world ...")

    # gRPC takes more than HOST:PORT: without a port it goes to 443, for 99999 to 34463.
    parts = re.fullmatch(r"[!-~]+:([0-9]{1,5})", addr)
    if not parts or int(parts[1]) > 65535:
        sys.exit(f"error: {addr!r} is no address: give HOST:PORT")
    # ANCHOR: call
    # Without the option, it would look for the server behind the `http_proxy` of the environment.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(addr, options=options) as channel:
        stub = GreeterStub(channel)

        reply = stub.SayHello(HelloRequest(name="you"))
        print(f"Greeter client received: {reply.message}")

        reply = stub.SayHelloAgain(HelloRequest(name="you"))
        print(f"Greeter client received: {reply.message}")
    # ANCHOR_END: call


# ANCHOR: explain
def explain(error: grpc.RpcError, addr: str) -> str:
    """What went wrong, in one line."""
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"no server at {addr}: start one with `python server.py`"
    name, description = error.code().name, error.code().value[1]
    return f"the server answered {name}: {json.dumps(error.details() or description)}"
# ANCHOR_END: explain


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
