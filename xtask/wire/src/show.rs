//! Where what was seen goes: all connections, in one order.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anstream::ColorChoice;
use xtask::commands::wire::Format;

use crate::End;
use crate::columns;
use crate::connection::Connection;
use crate::json;
use crate::people::{self, People};
use crate::schema::Schema;
use crate::seen::Seen;

/// How it is shown, and to whom.
pub enum Form {
    People(People),
    /// With the bytes, or without.
    Json(bool),
}

impl Form {
    pub fn of(format: Option<Format>, frames: bool, bytes: bool) -> Form {
        match format {
            Some(Format::Json) => Form::Json(bytes),
            None if bytes => Form::People(People::new(people::Depth::Bytes)),
            None if frames => Form::People(People::new(people::Depth::Frames)),
            None => Form::People(People::new(people::Depth::Messages)),
        }
    }
}

/// Reads what crosses all connections, and writes it to an output.
pub struct Show {
    form: Form,
    out: Box<dyn Write + Send>,
    has_colours: bool,
    begin: Instant,
    schema: Arc<Schema>,
    connections: usize,
    calls: usize,
}

impl Show {
    pub fn new(form: Form, schema: Schema, out: Box<dyn Write + Send>) -> Show {
        let schema = Arc::new(schema);
        let has_colours = false;
        Show { form, out, has_colours, begin: Instant::now(), schema, connections: 0, calls: 0 }
    }

    /// With the colours of standard output, if it has any: not in a file, and not if `NO_COLOR` is set.
    pub fn on_stdout(form: Form, schema: Schema) -> Show {
        let out = anstream::stdout();
        let has_colours = out.current_choice() != ColorChoice::Never;
        if has_colours {
            return Show { has_colours, ..Show::new(form, schema, Box::new(out)) };
        }
        Show::new(form, schema, Box::new(io::stdout()))
    }

    /// A new connection, to the `server` with this number if there are several.
    pub fn connection(&mut self, server: Option<usize>) -> Connection {
        if self.connections == 0 {
            self.begin = Instant::now();
        }
        self.connections += 1;
        Connection::new(self.connections, server, self.schema.clone())
    }

    /// Shows what `from` has sent on `connection`.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn sent(&mut self, connection: &mut Connection, from: End, bytes: &[u8]) -> io::Result<()> {
        let seen = connection.take(from, bytes, self.now(), &mut self.calls);
        self.write(&seen)
    }

    /// Shows that `from` sends no more on `connection`.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn closed(&mut self, connection: &mut Connection, from: End) -> io::Result<()> {
        let seen = connection.closes(from, self.now());
        self.write(&seen)
    }

    /// Shows what became of the calls that are under way when `connection` ends, and what it was if it
    /// could not be read.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn ended(&mut self, connection: &Connection) -> io::Result<()> {
        if let Form::People(people) = &self.form {
            let mut left: Vec<_> = connection.under_way().collect();
            left.sort_by_key(|id| id.number);
            let mut text = String::new();
            left.into_iter().for_each(|id| people.is_left(id, &mut text));
            connection.requests().for_each(|request| people::is_cut_off(&request, &mut text));
            if let Some(encrypted) = connection.encrypted() {
                people.was_encrypted(&encrypted, &mut text);
            }
            self.print(&text)?;
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    fn write(&mut self, seen: &[Seen]) -> io::Result<()> {
        let mut text = String::new();
        for seen in seen {
            match &mut self.form {
                Form::People(people) => people.show(seen, &mut text),
                Form::Json(bytes) => {
                    text += &json::object(seen, *bytes).to_string();
                    text.push('\n');
                }
            }
        }
        self.print(&text)
    }

    /// anstream would take out colours as well, but it takes its time.
    fn print(&mut self, text: &str) -> io::Result<()> {
        if self.has_colours {
            self.out.write_all(text.as_bytes())?;
        } else {
            let plain: String = columns::plain(text).collect();
            self.out.write_all(plain.as_bytes())?;
        }
        self.out.flush()
    }
}
