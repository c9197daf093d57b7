//! The methods of all lessons in one table. The tests of this crate make each of them survive
//! everything, and the fuzzer makes up requests for them.

pub mod feed;

use std::pin::Pin;

use testing::call::{Kind, Method};
use testing::server::{Server, Stop};
use tonic::transport::server::TcpIncoming;

/// A lesson: its server, its methods, and how its client loses its server.
pub struct Lesson {
    /// Its package.
    pub package: &'static str,
    serve: fn(TcpIncoming, Stop) -> Served,
    /// Every method of its protos.
    pub methods: &'static [Method],
    /// When the connection of its client breaks.
    pub broken: Broken,
    /// Whether a second Ctrl-C cuts its calls off.
    pub has_second_ctrl_c: bool,
    /// Whether it speaks HTTP/1.1, too.
    pub has_http1: bool,
}

/// A server until it ends.
pub type Served = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A place in what the client of a lesson does, at which its connection breaks.
pub struct Broken {
    /// In which of its calls, from 1.
    pub call: usize,
    /// After how many messages of the answer to that.
    pub messages: usize,
    /// The last line of its transcript that it can have printed by then.
    pub printed: &'static str,
}

/// Every lesson but those that are built apart: they test their methods themselves. A test says which
/// one is missing.
///
/// The first byte of an input of the fuzzer is the number of a method, counted through all lessons:
/// a new lesson belongs to the end.
pub const LESSONS: [Lesson; 8] = [
    Lesson {
        package: "helloworld",
        serve: |incoming, stop| Box::pin(helloworld::server::run(incoming, stop)),
        methods: &[
            unary("/helloworld.Greeter/SayHello", b"\x0a\x03you"),
            unary("/helloworld.Greeter/SayHelloAgain", b"\x0a\x03you"),
        ],
        broken: Broken { call: 2, messages: 0, printed: "Greeter client received: Hello, you!" },
        has_second_ctrl_c: false,
        has_http1: false,
    },
    Lesson {
        package: "unary-displacement",
        serve: |incoming, stop| Box::pin(unary_displacement::server::run(incoming, stop)),
        methods: &[
            // From (0, 12) to (12, 14).
            unary(
                "/my_package.DisplacementService/computeDisplacement",
                b"\x0a\x02\x10\x0c\x12\x04\x08\x0c\x10\x0e",
            ),
        ],
        broken: Broken { call: 2, messages: 0, printed: "calling server without an end..." },
        has_second_ctrl_c: false,
        has_http1: false,
    },
    Lesson {
        package: "teams",
        serve: |incoming, stop| Box::pin(teams::server::run(incoming, stop)),
        methods: &[unary("/Teams/GetTeam", b"\x0a\x05Miami")],
        broken: Broken {
            call: 3,
            messages: 0,
            printed: "Teams client received: Philadelphia Foxes",
        },
        has_second_ctrl_c: false,
        has_http1: false,
    },
    Lesson {
        package: "movie-json",
        serve: |incoming, stop| {
            Box::pin(async {
                let movies = movie_json::server::Movies::load(movie_json::DATA)?;
                movie_json::server::run(incoming, movies, stop).await
            })
        },
        methods: &[
            unary("/Movie/GetMovieByID", b"\x0a\x24a8034f44-aee4-44cf-b32c-74cf452aaaae"),
            server_stream("/Movie/GetListMovies", b""),
        ],
        broken: Broken { call: 2, messages: 2, printed: "Movie called The Martian" },
        has_second_ctrl_c: false,
        has_http1: false,
    },
    Lesson {
        package: "streaming",
        serve: |incoming, stop| Box::pin(streaming::server::run(incoming, stop)),
        methods: &[
            server_stream("/helloworld.Greeter/SayHello_v1", b"\x0a\x03you"),
            client_stream("/helloworld.Greeter/SayHello_v2", b"\x0a\x03you"),
            both_stream("/helloworld.Greeter/SayHello_v3", b"\x0a\x03you"),
            client_stream("/my_package.RequestStreaming/stream_state", b"\x08\x01\x12\x03OK."),
        ],
        broken: Broken {
            call: 1,
            messages: 2,
            printed: "[CLIENT] SayHello invoked Greeter client received: Hello, you! - 1",
        },
        has_second_ctrl_c: true,
        has_http1: false,
    },
    Lesson {
        package: "routeguide",
        serve: |incoming, stop| {
            Box::pin(async {
                let places = routeguide::places::Places::load(routeguide::DATA)?;
                routeguide::server::run(incoming, places, stop).await
            })
        },
        methods: &[
            unary("/routeguide.RouteGuide/GetFeature", b"\x08\x01\x10\x01"),
            // A quarter of the earth, with all places in it.
            server_stream(
                "/routeguide.RouteGuide/ListFeatures",
                b"\x0a\x0d\x08\x00\x10\x80\xdc\xd8\xa5\xf9\xff\xff\xff\xff\x01\x12\x08\x08\x80\xd2\x93\xad\x03\x10\x00",
            ),
            client_stream("/routeguide.RouteGuide/RecordRoute", b"\x08\x01\x10\x01"),
            both_stream("/routeguide.RouteGuide/RouteChat", b"\x0a\x00\x12\x02hi"),
        ],
        broken: Broken {
            call: 3,
            messages: 2,
            printed: "Nothing with a name at 40.4080723, -74.6119569",
        },
        has_second_ctrl_c: true,
        has_http1: false,
    },
    Lesson {
        package: "browser",
        serve: |incoming, stop| {
            Box::pin(browser::server::run(incoming, browser::server::routes(), stop))
        },
        methods: &[
            unary("/helloworld.Greeter/SayHello", b"\x0a\x03you"),
            server_stream("/helloworld.Greeter/SayHello_v1", b"\x0a\x03you"),
        ],
        broken: Broken {
            call: 2,
            messages: 2,
            printed: "[CLIENT] SayHello invoked Greeter client received: Hello, you! - 1",
        },
        has_second_ctrl_c: true,
        has_http1: true,
    },
    Lesson {
        package: "fleet",
        serve: |incoming, stop| Box::pin(fleet::server::run(incoming, stop)),
        methods: &[unary("/Teams/GetTeam", b"\x0a\x05Miami")],
        broken: Broken {
            call: 3,
            messages: 0,
            printed: "Teams client received: Philadelphia Foxes",
        },
        has_second_ctrl_c: true,
        has_http1: false,
    },
];

const fn unary(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::Unary, path, message }
}

const fn server_stream(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::ServerStream, path, message }
}

const fn client_stream(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::ClientStream, path, message }
}

const fn both_stream(path: &'static str, message: &'static [u8]) -> Method {
    Method { kind: Kind::BothStream, path, message }
}

impl Lesson {
    /// The lesson of `package`, if it is in the table.
    pub fn of(package: &str) -> Option<&'static Lesson> {
        LESSONS.iter().find(|lesson| lesson.package == package)
    }

    /// Serves its methods on `incoming` until `stop` ends.
    pub fn serve(&self, incoming: TcpIncoming, stop: Stop) -> Served {
        (self.serve)(incoming, stop)
    }

    /// Its server, in a runtime of its own.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub async fn start(&self) -> anyhow::Result<Server> {
        Server::start(self.serve).await
    }
}

/// The methods of all lessons, each with its lesson's place in [`LESSONS`].
pub fn all() -> impl Iterator<Item = (usize, &'static Method)> {
    let lessons = LESSONS.iter().enumerate();
    lessons.flat_map(|(index, lesson)| lesson.methods.iter().map(move |method| (index, method)))
}
