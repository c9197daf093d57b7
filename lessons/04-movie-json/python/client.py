"""The client: it asks for one film, and then for all of them."""

import json
import re
import signal
import sys

import grpc
from movie_pb2 import Empty, MovieData, MovieID
from movie_pb2_grpc import MovieStub

# This machine only: port 3001 of the loopback address.
ADDR = "127.0.0.1:3001"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for films and prints them."""
    # gRPC takes more than HOST:PORT: without a port it goes to 443, for 99999 to 34463.
    parts = re.fullmatch(r"[!-~]+:([0-9]{1,5})", addr)
    if not parts or int(parts[1]) > 65535:
        sys.exit(f"error: {addr!r} is no address: give HOST:PORT")
    # Without the option, it would look for the server behind the `http_proxy` of the environment.
    options = [("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(addr, options=options) as channel:
        stub = MovieStub(channel)

        # ANCHOR: get-movie-by-id
        print("----- GetMovieByID -----")
        movie = stub.GetMovieByID(MovieID(id="a8034f44-aee4-44cf-b32c-74cf452aaaae"))
        print_movie(movie)
        # ANCHOR_END: get-movie-by-id

        # ANCHOR: get-list-movies
        print("----- GetListMovies -----")
        for movie in stub.GetListMovies(Empty()):
            print(f"Movie called {movie.title}")
        # ANCHOR_END: get-list-movies


# ANCHOR: print-movie
def print_movie(movie: MovieData) -> None:
    """Prints a film, field by field, and an empty line."""
    print(f"title: {json.dumps(movie.title)}")
    # A double: Python has no other float. `print(movie)` would print 8.2, the shortest text that
    # becomes the same f32 again.
    print(f"rating: {movie.rating}")
    print(f"director: {json.dumps(movie.director)}")
    print(f"id: {json.dumps(movie.id)}")
    print()
# ANCHOR_END: print-movie


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
