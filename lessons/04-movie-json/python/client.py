"""The client: it asks for one film, and then for all of them."""

import argparse
import json
import sys

import grpc
from movie_pb2 import Empty, MovieData, MovieID
from movie_pb2_grpc import MovieStub

# This machine only: port 3001 of the loopback address.
ADDR = "127.0.0.1:3001"


def run(addr: str) -> None:
    """Asks the server at `addr` (HOST:PORT) for films and prints them."""
    with grpc.insecure_channel(addr) as channel:
        stub = MovieStub(channel)

        print("----- GetMovieByID -----")
        movie = stub.GetMovieByID(MovieID(id="a8034f44-aee4-44cf-b32c-74cf452aaaae"))
        print_movie(movie)

        print("----- GetListMovies -----")
        for movie in stub.GetListMovies(Empty()):
            print(f"Movie called {movie.title}")


def print_movie(movie: MovieData) -> None:
    """Prints a film, field by field, and an empty line."""
    print(f"title: {json.dumps(movie.title)}")
    # A double: Python has no other float. `print(movie)` would print 8.2, the shortest text that
    # becomes the same f32 again.
    print(f"rating: {movie.rating}")
    print(f"director: {json.dumps(movie.director)}")
    print(f"id: {json.dumps(movie.id)}")
    print()


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
