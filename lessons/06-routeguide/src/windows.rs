//! How far a client may be ahead of the server.

use tonic::transport::Server;

/// How many bytes of a stream a client may send ahead of us. Many small messages that wait count
/// for more than their size. With these windows their sender waits before they are too many; with
/// the usual ones its connection would be cut.
pub const STREAM_WINDOW: u32 = 64 * 1024;

/// How many bytes of all streams of a connection a client may send ahead of us: see above.
pub const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// Begins a server with these windows.
pub fn server() -> Server {
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
}
