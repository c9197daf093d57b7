//! What the proto files of a crate declare.

use std::path::Path;

use protox::Compiler;
use protox::prost_reflect::{DescriptorPool, Kind};

use crate::workspace::lesson;

/// Something that is declared.
#[derive(PartialEq)]
pub struct Declaration {
    /// `service`, `method`, `message`, `field`, `enum` or `value`.
    pub kind: &'static str,
    /// With its package: `helloworld.Greeter.SayHello`.
    pub name: String,
    /// `takes helloworld.HelloRequest and returns helloworld.HelloReply`.
    pub what: String,
}

/// Reads all proto files in `folder/proto`. None if there are none.
///
/// # Errors
///
/// If one is wrong: `FILE:LINE:COLUMN: what is wrong`, with the file relative to `folder/proto`.
pub fn declarations(folder: &Path) -> Result<Option<Vec<Declaration>>, String> {
    let folder = folder.join("proto");
    let files = lesson::proto_files(&folder)
        .map_err(|error| format!("cannot look into {}: {error}", folder.display()))?;
    // Its `Debug` has the place, its `Display` has not.
    let wrong = |error: protox::Error| format!("{error:?}");
    let mut found = Vec::new();
    // One by one: two of them may declare the same names.
    for file in &files {
        let mut compiler = Compiler::new([&folder]).map_err(wrong)?;
        found.extend(declared(&compiler.open_file(file).map_err(wrong)?.descriptor_pool()));
    }
    Ok((!files.is_empty()).then_some(found))
}

fn declared(pool: &DescriptorPool) -> Vec<Declaration> {
    let mut found = Vec::new();
    let mut add = |kind, name: &str, what| {
        found.push(Declaration { kind, name: name.to_owned(), what });
    };
    for service in pool.services() {
        add("service", service.full_name(), String::new());
        for method in service.methods() {
            let stream = |is_stream| if is_stream { "a stream of " } else { "" };
            let what = format!(
                "takes {}{} and returns {}{}",
                stream(method.is_client_streaming()),
                method.input().full_name(),
                stream(method.is_server_streaming()),
                method.output().full_name()
            );
            add("method", method.full_name(), what);
        }
    }
    for message in pool.all_messages() {
        add("message", message.full_name(), String::new());
        for field in message.fields() {
            let kind = match field.kind() {
                Kind::Message(message) => message.full_name().to_owned(),
                Kind::Enum(kind) => kind.full_name().to_owned(),
                scalar => format!("{scalar:?}").to_lowercase(),
            };
            let many = if field.is_list() { "a list of " } else { "" };
            let what = format!("is {many}{kind} and has the number {}", field.number());
            add("field", field.full_name(), what);
        }
    }
    for kind in pool.all_enums() {
        add("enum", kind.full_name(), String::new());
        for value in kind.values() {
            let what = format!("has the number {}", value.number());
            add("value", value.full_name(), what);
        }
    }
    found
}

/// The first of the `expected` declarations that `theirs` lack or have differently, in words for
/// whom `theirs` are.
pub fn difference(expected: &[Declaration], theirs: &[Declaration]) -> Option<String> {
    expected.iter().find_map(|Declaration { kind, name, what }| {
        let same_kind = || theirs.iter().filter(|their| their.kind == *kind);
        if let Some(their) = same_kind().find(|their| their.name == *name) {
            let different = their.what != *what;
            return different.then(|| {
                format!("in your proto file the {kind} {name} {}, expected: {what}", their.what)
            });
        }
        let last = |name: &str| name.rsplit('.').next().map(str::to_lowercase);
        let similar = same_kind().find(|their| last(&their.name) == last(name));
        let similar = similar.map(|their| format!(", but a {kind} {}", their.name));
        Some(format!("your proto file has no {kind} {name}{}", similar.unwrap_or_default()))
    })
}
