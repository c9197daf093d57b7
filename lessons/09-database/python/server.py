"""The server: what it knows is in a file, the SQLite database of the server in Rust."""

import argparse
import re
import sqlite3
import sys
import time
import unicodedata
from collections.abc import Iterator
from concurrent import futures
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import grpc
import teams_pb2_grpc
from google.protobuf.message import Message
from teams_pb2 import (
    AddTeamRequest,
    ListTeamsRequest,
    ListTeamsResponse,
    TeamRequest,
    TeamResponse,
    TradeTeamsRequest,
    TradeTeamsResponse,
)

# This machine only: port 50051 of the loopback address.
ADDR = "127.0.0.1:50051"

# The file that the teams are kept in, unless another one is given.
FILE = Path(__file__).parents[1] / "teams.db"

# What takes a file from each version to the next one. An empty file has version 0.
SOURCE = Path(__file__).parents[1] / "src"
MIGRATIONS = [SOURCE / "teams.sql", SOURCE / "requests.sql"]

# What `teams.sql` has put into the file.
APPLICATION_ID = 0x7465616D

# How many seconds anybody waits while the database is busy.
PATIENCE = 5.0

# How many seconds a list may take.
LIST_TIME = 10 * 60.0

# How many teams a page may have.
MAX_PAGE = 1000

# How long a text may be that somebody wants to be kept, in bytes.
MAX_BYTES = 100

# The nickname of a team that is not there.
NOT_A_MEMBER = "not a member"

Answer = TypeVar("Answer", bound=Message)


class Store:
    """A file with teams, made and brought up to date."""

    def __init__(self, file: Path) -> None:
        self.file = file
        # Open as long as the server runs: the last one to close tidies up.
        self.first = self.connect(PATIENCE)
        with self.first:
            migrate(self.first)
        # From now on, what is written goes to a log first, beside the file. So a reader
        # needn't wait for a writer, and sees everything as it was when they began.
        self.first.execute("PRAGMA journal_mode = WAL")

    def connect(self, patience: float) -> sqlite3.Connection:
        """A connection for a single call, and so for the thread that the call has. It waits so many
        seconds while the database is busy."""
        # Without an isolation_level, a transaction begins where the SQL says so.
        db = sqlite3.connect(self.file, timeout=patience, isolation_level=None)
        # What is written is on the disk, and not only on its way to it, before anybody is told.
        db.execute("PRAGMA synchronous = FULL")
        return db


def migrate(db: sqlite3.Connection) -> None:
    """Does what the file has not seen yet, in one transaction: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and tables > 0:
        raise ValueError("it belongs to another program: give another FILE")
    if version > len(MIGRATIONS):
        newest = f"{len(MIGRATIONS)} is the newest that is known here"
        raise ValueError(f"its version is {version}, and {newest}: start a newer program")
    for path in MIGRATIONS[version:]:
        for statement in statements(path.read_text(encoding="utf-8")):
            db.execute(statement)
    # Written in any case: if that's impossible, it's better to know it now.
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def statements(sql: str) -> Iterator[str]:
    """Each statement of `sql`. `executescript` runs all of them, but ends the transaction first."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


class TeamsServicer(teams_pb2_grpc.TeamsServicer):
    """Implements the service `Teams`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def GetTeam(self, request: TeamRequest, context: grpc.ServicerContext) -> TeamResponse:
        with told(context), closing(self.store.connect(PATIENCE)) as db:
            nickname = nickname_of(db, request.city)
        return TeamResponse(city=request.city, nickname=nickname or NOT_A_MEMBER)

    def AddTeam(self, request: AddTeamRequest, context: grpc.ServicerContext) -> TeamResponse:
        check_name("city", request.city, context)
        check_name("nickname", request.nickname, context)
        check_length("request_id", request.request_id, context)
        # The second `with` of a connection commits, or takes everything back if something fails.
        with told(context), closing(self.store.connect(wait(context))) as db, db:
            db.execute("BEGIN IMMEDIATE")
            if kept := answered(db, "AddTeam", request, TeamResponse, context):
                return kept
            sql = "INSERT INTO teams (city, nickname) VALUES (?, ?) ON CONFLICT (city) DO NOTHING"
            if db.execute(sql, (request.city, request.nickname)).rowcount == 0:
                why = f"{request.city} has a team already"
                context.abort(grpc.StatusCode.ALREADY_EXISTS, why)
            answer = TeamResponse(city=request.city, nickname=request.nickname)
            keep(db, "AddTeam", request, answer)
        return answer

    def ListTeams(
        self, request: ListTeamsRequest, context: grpc.ServicerContext
    ) -> Iterator[ListTeamsResponse]:
        if request.page_size < 0:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "page_size is less than 0")
        size = min(request.page_size or MAX_PAGE, MAX_PAGE)
        after = last_id(request.page_token, context)
        end = time.monotonic() + min(time_remaining(context), LIST_TIME)
        with told(context), closing(self.store.connect(PATIENCE)) as db:
            sql = "SELECT id, city, nickname FROM teams WHERE id > ? ORDER BY id"
            rows = db.execute(sql, (after,))
            while page := rows.fetchmany(size):
                teams = [TeamResponse(city=city, nickname=nickname) for _, city, nickname in page]
                # Here the list stands still until the client has room, or is gone.
                yield ListTeamsResponse(teams=teams, page_token=str(page[-1][0]))
                if time.monotonic() > end:
                    why = "the time is over: go on with the last page_token"
                    context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, why)

    def TradeTeams(
        self, request: TradeTeamsRequest, context: grpc.ServicerContext
    ) -> TradeTeamsResponse:
        check_name("city", request.city, context)
        check_name("other_city", request.other_city, context)
        if request.city == request.other_city:
            why = "other_city is the same as city"
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
        check_length("request_id", request.request_id, context)
        with told(context), closing(self.store.connect(wait(context))) as db, db:
            # From here on nobody else writes.
            db.execute("BEGIN IMMEDIATE")
            if kept := answered(db, "TradeTeams", request, TradeTeamsResponse, context):
                return kept
            cities = (request.city, request.other_city)
            nicknames = [nickname_of(db, city) for city in cities]
            for city, nickname in zip(cities, nicknames, strict=True):
                if nickname is None:
                    context.abort(grpc.StatusCode.NOT_FOUND, f"{city} has no team")
            nicknames.reverse()
            teams = []
            for city, nickname in zip(cities, nicknames, strict=True):
                db.execute("UPDATE teams SET nickname = ? WHERE city = ?", (nickname, city))
                teams.append(TeamResponse(city=city, nickname=nickname))
            answer = TradeTeamsResponse(team=teams[0], other_team=teams[1])
            keep(db, "TradeTeams", request, answer)
        return answer


def nickname_of(db: sqlite3.Connection, city: str) -> str | None:
    """The nickname of the team of `city`, if it has one."""
    # The city is never a part of the SQL, whatever is in it.
    row = db.execute("SELECT nickname FROM teams WHERE city = ?", (city,)).fetchone()
    return row[0] if row else None


def answered(
    db: sqlite3.Connection,
    method: str,
    request: AddTeamRequest | TradeTeamsRequest,
    answer: type[Answer],
    context: grpc.ServicerContext,
) -> Answer | None:
    """What was answered, if `request` has been done before."""
    sql = "SELECT request, answer FROM requests WHERE method = ? AND id = ?"
    row = db.execute(sql, (method, request.request_id)).fetchone()
    if row is None:
        return None
    if row[0] != to_bytes(request):
        why = "request_id is the one of another request"
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
    return answer.FromString(row[1])


def keep(
    db: sqlite3.Connection,
    method: str,
    request: AddTeamRequest | TradeTeamsRequest,
    answer: Message,
) -> None:
    """Keeps the `answer` for a day, in the transaction in which the `request` is done."""
    if not request.request_id:
        return
    db.execute("DELETE FROM requests WHERE at < datetime('now', '-1 day')")
    sql = "INSERT INTO requests (method, id, request, answer) VALUES (?, ?, ?, ?)"
    db.execute(sql, (method, request.request_id, to_bytes(request), to_bytes(answer)))


def to_bytes(message: Message) -> bytes:
    """`message` as the server in Rust writes it: without fields that the proto does not have."""
    message.DiscardUnknownFields()
    return message.SerializeToString(deterministic=True)


def check_name(name: str, text: str, context: grpc.ServicerContext) -> None:
    """Refuses a `text` in the field `name` of a request, if it is no name of a city or a team."""
    check_length(name, text, context)
    if not text:
        why = "is missing"
    elif text.strip() != text or any(unicodedata.category(it) == "Cc" for it in text):
        why = "begins or ends with a space, or has something in it that nobody can see"
    elif text == NOT_A_MEMBER:
        why = "means that a city has no team"
    else:
        return
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{name} {why}")


def check_length(name: str, text: str, context: grpc.ServicerContext) -> None:
    """Refuses a `text` that is too long."""
    if len(text.encode()) > MAX_BYTES:
        why = f"{name} is longer than {MAX_BYTES} bytes"
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)


def last_id(page_token: str, context: grpc.ServicerContext) -> int:
    """What a page token says: the id of the last team on its page."""
    is_number = re.fullmatch("[+-]?[0-9]{1,19}", page_token or "0")
    after = int(page_token or "0") if is_number else 2**63
    if not -(2**63) <= after < 2**63:
        why = "page_token is not one of this server"
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
    return after


def time_remaining(context: grpc.ServicerContext) -> float:
    """How many seconds the client still waits."""
    remaining = context.time_remaining()
    return float("inf") if remaining is None else remaining


def wait(context: grpc.ServicerContext) -> float:
    """How many seconds a call waits for the database: so long that its client still hears of it."""
    return min(time_remaining(context), PATIENCE) * 0.9


@contextmanager
def told(context: grpc.ServicerContext) -> Iterator[None]:
    """Tells the client if the database fails. The rest is for those who run the server."""
    try:
        yield
    except sqlite3.Error as error:
        # Only since Python 3.11 has it a code.
        if "locked" in str(error):
            why = "the database is busy: send the request again"
            context.abort(grpc.StatusCode.UNAVAILABLE, why)
        print(f"error: {error}", file=sys.stderr)
        if "full" in str(error):
            why = "the disk is full: nothing was changed"
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, why)
        context.abort(grpc.StatusCode.INTERNAL, "the database failed")


def serve(addr: str, store: Store) -> None:
    """Serves `store` on `addr` (HOST:PORT; port 0 is any free one) until Ctrl-C."""
    # Without the option, Linux lets a second server have the port too, and each gets some calls.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=options)
    teams_pb2_grpc.add_TeamsServicer_to_server(TeamsServicer(store), server)
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
    # What is in the log goes into the file.
    store.first.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addr", nargs="?", default=ADDR, help="HOST:PORT (default: %(default)s)")
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="made if it is not there")
    args = parser.parse_args()
    try:
        store = Store(args.file)
    except (sqlite3.Error, ValueError) as error:
        sys.exit(f"error: cannot use the database {args.file}: {error}")
    serve(args.addr, store)
