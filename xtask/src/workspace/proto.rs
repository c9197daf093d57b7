//! What the proto files of a crate declare.

use std::fs;
use std::path::{Path, PathBuf};

use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};
use protox::prost_reflect::{DescriptorPool, Kind, MethodDescriptor};
use protox::{Compiler, Error};
use similar::TextDiff;

use crate::workspace::lesson;

/// What some editors write at the beginning of a file.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// How much of its name something has in common with what it is mistaken for, from 0 to 1.
const SIMILAR: f32 = 0.8;

/// Something that is declared.
#[derive(Clone, PartialEq)]
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
    let pools = pools(&folder.join("proto"))?;
    Ok((!pools.is_empty()).then(|| pools.iter().flat_map(declared).collect()))
}

/// The method with this name, with its package, in a proto file in `folder/proto`. None if there
/// is none.
///
/// # Errors
///
/// If a proto file is wrong, as above.
pub fn method(folder: &Path, name: &str) -> Result<Option<MethodDescriptor>, String> {
    let pools = pools(&folder.join("proto"))?;
    let services = pools.iter().flat_map(DescriptorPool::services);
    let mut methods = services.flat_map(|it| Vec::from_iter(it.methods()));
    Ok(methods.find(|method| method.full_name() == name))
}

/// Reads each proto file in `folder`, one by one: two of them may declare the same names.
///
/// # Errors
///
/// As [`declarations`], with the file relative to `folder`.
pub fn pools(folder: &Path) -> Result<Vec<DescriptorPool>, String> {
    let files = lesson::proto_files(folder)
        .map_err(|error| format!("cannot look into {}: {error}", folder.display()))?;
    files.iter().map(|file| pool(folder, file)).collect()
}

/// Reads the proto file `file` in `folder`, and what it imports from there.
///
/// # Errors
///
/// As [`declarations`], with the file relative to `folder`.
pub fn pool(folder: &Path, file: &Path) -> Result<DescriptorPool, String> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Folder(folder.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    // Its `Debug` has the place, its `Display` has not.
    let wrong = |error: Error| format!("{error:?}");
    Ok(compiler.open_file(file).map_err(wrong)?.descriptor_pool())
}

/// Finds files in a folder, and skips a byte order mark as `protoc` does.
struct Folder(PathBuf);

impl FileResolver for Folder {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        IncludeFileResolver::new(self.0.clone()).resolve_path(path)
    }

    fn open_file(&self, name: &str) -> Result<File, Error> {
        let text = fs::read_to_string(self.0.join(name)).unwrap_or_default();
        match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => File::from_source(name, text),
            None => IncludeFileResolver::new(self.0.clone()).open_file(name),
        }
    }
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
            let many = if field.is_list() { "list of " } else { "" };
            let what = format!("has the type {many}{kind} and the number {}", field.number());
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
/// whom `theirs` are. What is among the `known` ones is not mistaken for another one.
pub fn difference(
    expected: &[Declaration],
    theirs: &[Declaration],
    known: &[Declaration],
) -> Option<String> {
    expected.iter().find_map(|Declaration { kind, name, what }| {
        let same_kind = || theirs.iter().filter(|their| their.kind == *kind);
        if let Some(their) = same_kind().find(|their| their.name == *name) {
            let different = their.what != *what;
            return different.then(|| {
                format!("in your proto file the {kind} {name} {}, expected: {what}", their.what)
            });
        }
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let similar = same_kind().find(|their| {
            !known.iter().any(|it| it.kind == their.kind && it.name == their.name)
                && TextDiff::from_chars(last(&their.name), last(name)).ratio() > SIMILAR
        });
        let similar = similar.map(|their| format!(", but a {kind} {}", their.name));
        Some(format!("your proto file has no {kind} {name}{}", similar.unwrap_or_default()))
    })
}
