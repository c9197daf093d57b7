"""The server: it reads its films from a file, once, and finds each by its id."""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Read when gRPC is loaded: its own log would add a second line to our error messages.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import movie_pb2_grpc
from movie_pb2 import Empty, MovieData, MovieID

# This machine only: port 3001 of the loopback address.
ADDR = "127.0.0.1:3001"

# The seven films that come with the lesson.
DATA = str(Path(__file__).parents[3] / "data" / "movies.json")


# ANCHOR: load
def load(path: str) -> list[MovieData]:
    """Reads the JSON file at `path`: `{"movies": [{"id": ..., "title": ..., "rating": ...,
    "director": ...}, ...]}`."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        match data:
            case {"movies": [*movies]}:
                # Nothing knows its line any more. Numbers tell which film is broken.
                return [to_movie(movie, number) for number, movie in enumerate(movies, 1)]
        raise ValueError("expected an object with the key `movies` and a list")
    except OSError as error:
        sys.exit(f"error: cannot read the films in {path!r}: {error.strerror}")
    except (ArithmeticError, RecursionError, TypeError, ValueError) as error:  # a broken file
        sys.exit(f"error: no films in {path!r}: {error}")
# ANCHOR_END: load


# ANCHOR: to-movie
def to_movie(movie: object, number: int) -> MovieData:
    """The message that tells a client of this film."""
    match movie:
        case {
            "id": str(id),
            "title": str(title),
            "rating": int(rating) | float(rating),
            "director": str(director),
        }:
            return MovieData(title=title, rating=rating, director=director, id=id)
    raise ValueError(f"film {number} needs strings `id`, `title`, `director`, a number `rating`")
# ANCHOR_END: to-movie


# ANCHOR: servicer
class MovieServicer(movie_pb2_grpc.MovieServicer):
    """Implements the service `Movie`."""

    def __init__(self, movies: list[MovieData]) -> None:
        self.movies = movies
        # Backwards, because if an id is there more than once, the first film has it.
        self.by_id = {movie.id: movie for movie in reversed(movies)}

    def GetMovieByID(self, request: MovieID, context: grpc.ServicerContext) -> MovieData:
        movie = self.by_id.get(request.id)
        if movie is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no movie has this id")
        print("Movie found!")
        return movie
    # ANCHOR_END: servicer

    # ANCHOR: get-list-movies
    def GetListMovies(self, request: Empty, context: grpc.ServicerContext) -> Iterator[MovieData]:
        # Goes on to the next film whenever the client has room for one more.
        yield from self.movies
    # ANCHOR_END: get-list-movies


def serve(addr: str = ADDR, data: str = DATA) -> None:
    """Serves the films in the file `data` on `addr` (HOST:PORT; port 0 is any free one) until
    Ctrl-C."""
    movies = load(data)
    # Without the option, Linux lets several servers share a port, and each gets some of the calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=10), options=options)
    movie_pb2_grpc.add_MovieServicer_to_server(MovieServicer(movies), server)

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
    if len(sys.argv) > 3:
        sys.exit("error: say `python server.py [ADDR [DATA]]`")
    try:
        serve(*sys.argv[1:])
    except OSError as error:  # nobody takes what we print
        sys.exit(f"error: {error}")
