// ANCHOR: step6-limits
//! How much there may be of everything, and why so much: all limits of the server, in one place.

/// How many bytes of a stream a client may send ahead of us. h2 books short messages that wait as
/// more than they are, 3.3 million bytes for these, and hangs up at half a connection's window.
pub const STREAM_WINDOW: u32 = 64 * 1024;

/// How many bytes of all streams of a connection a client may send ahead of us: see above.
pub const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;
// ANCHOR_END: step6-limits
// ANCHOR: step7-limits

/// How many notes a stream may leave at one point. Each is sent again for every later one, so
/// that n of them cost n * n / 2 answers.
pub const MAX_NOTES_AT_A_POINT: usize = 500;

/// How many bytes all notes of a stream may take: the server keeps them until it ends.
pub const MAX_BYTES_OF_NOTES: usize = 16 * 1024 * 1024;

/// What keeping a note takes besides its own bytes, roughly: its place in the map and the vector.
pub const BYTES_AROUND_A_NOTE: usize = 256;
// ANCHOR_END: step7-limits
// ANCHOR: step8-limits

use std::time::Duration;

/// How many bytes a message may have: tonic's own limit, written down. The longest message here
/// is a note, and no text that somebody types is as long.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// How many connections there may be; the next one waits until one of them ends. Each is an open
/// file, and many systems give a process 1,024 of them.
pub const MAX_CONNECTIONS: usize = 1_000;

/// How many calls there may be at once on a connection; its client holds the next ones back. The
/// standard of HTTP/2 advises against fewer than 100.
pub const MAX_CALLS_ON_A_CONNECTION: u32 = 100;

/// How many streams there may be on all connections; the next one is refused. Should each of them
/// be a chat that is full of notes, they take 8 GiB.
pub const MAX_STREAMS: usize = 512;

/// How long a connection may take to say that it speaks HTTP/2: 24 bytes, with which every client
/// begins at once.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// How long a connection may be silent before we ask whether somebody is there, and how long the
/// answer may take. A computer that has lost its power says no goodbye.
pub const SILENCE_TIME: Duration = Duration::from_secs(10);

/// How long calls may go on once the server was told to stop. Long enough for what is nearly
/// done; and container runtimes kill a program that takes 10 seconds.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long it may take after that to tell the clients whose calls were cut.
pub const FAREWELL_TIME: Duration = Duration::from_secs(1);
// ANCHOR_END: step8-limits
