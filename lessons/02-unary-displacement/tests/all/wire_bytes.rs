//! What calls and messages are on the wire: `transcripts/wire_bytes.txt`, whose regions the book
//! shows. The words are ours; the headers and the bytes are those of tonic and prost.

use std::fmt::Write;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use http_body_util::{BodyExt, Full};
use prost::Message;
use tokio::sync::Mutex;
use tonic::Code;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response, request, response};
use tower::{ServiceExt, service_fn};
use unary_displacement::pb::{Displacement, DisplacementResponse, Point};
use unary_displacement::server::distance;

use crate::exercise::ProductInfoServicer;
use crate::pb::product_info_client::ProductInfoClient;
use crate::pb::product_info_server::ProductInfoServer;
use crate::pb::{Product, ProductId};

const TRANSCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/transcripts/wire_bytes.txt");

/// What the protos say: the fields of a message by their numbers, 1, 2, 3 and so on.
type Fields = &'static [(&'static str, Type)];

#[derive(Clone, Copy)]
enum Type {
    Float,
    Int32,
    Message(Fields),
    String,
}

const PRODUCT_ID: Fields = &[("value", Type::String)];
const PRODUCT: Fields =
    &[("id", Type::String), ("name", Type::String), ("description", Type::String)];
const POINT: Fields = &[("x", Type::Int32), ("y", Type::Int32)];
const DISPLACEMENT: Fields = &[("start", Type::Message(POINT)), ("end", Type::Message(POINT))];
const DISPLACEMENT_RESPONSE: Fields = &[("distance", Type::Float)];

#[tokio::test]
async fn calls_and_messages_are_on_the_wire_as_the_book_shows_them() -> anyhow::Result<()> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let server = ProductInfoServer::new(ProductInfoServicer::default());
    let mut stub = ProductInfoClient::new(service_fn(|request| {
        pass_on(request, server.clone(), calls.clone())
    }));
    let kettle =
        Product { id: "".into(), name: "Kettle".into(), description: "Boils a litre".into() };
    let id = stub.add_product(kettle).await?.into_inner();
    let kettle = stub.get_product(id.clone()).await?.into_inner();
    let status = stub.get_product(ProductId { value: "3".into() }).await.err();
    ensure!(status.is_some_and(|status| status.code() == Code::NotFound), "there is a product 3");
    let [_, found, not_found] = &calls.lock().await[..] else { bail!("not three calls") };

    let (start, end) = (Point { x: 0, y: 12 }, Point { x: 12, y: 14 });
    let displacement = Displacement { start: Some(start), end: Some(end) };
    let response = DisplacementResponse { distance: distance(start, end) };

    let regions = [
        ("call", found.sent()? + "\n" + &found.answered()?),
        ("call-not-found", not_found.answered()?),
        ("product-id", table(&message(&id.encode_to_vec(), PRODUCT_ID)?)?),
        ("product", table(&message(&kettle.encode_to_vec(), PRODUCT)?)?),
        ("displacement", table(&message(&displacement.encode_to_vec(), DISPLACEMENT)?)?),
        ("varints", table(&message(&Point { x: 300, y: -1 }.encode_to_vec(), POINT)?)?),
        ("float", table(&message(&response.encode_to_vec(), DISPLACEMENT_RESPONSE)?)?),
        ("prefix", table(&body(&found.request, PRODUCT_ID)?)?),
    ];
    let regions =
        regions.map(|(name, text)| format!("# ANCHOR: {name}\n{text}# ANCHOR_END: {name}\n"));
    let text = regions.join("\n");

    let committed = fs::read_to_string(TRANSCRIPT).context(TRANSCRIPT)?;
    assert!(committed == text, "{TRANSCRIPT} has\n\n{committed}\nand on the wire is\n\n{text}");
    Ok(())
}

/// A call as HTTP.
struct Call {
    head: request::Parts,
    request: Vec<u8>,
    response_head: response::Parts,
    response: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// Passes `request` on from a stub to `server`, and its answer back. There is no network between
/// them, only this, which adds the call to `calls`.
async fn pass_on(
    request: Request<Body>,
    server: ProductInfoServer<ProductInfoServicer>,
    calls: Arc<Mutex<Vec<Call>>>,
) -> anyhow::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let request = body.collect().await?.to_bytes();
    let to_server = Request::from_parts(head.clone(), Body::new(Full::from(request.clone())));
    let (response_head, body) = server.oneshot(to_server).await?.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    let response = body.to_bytes();

    calls.lock().await.push(Call {
        head,
        request: request.into(),
        response_head: response_head.clone(),
        response: response.clone().into(),
        trailers: trailers.clone(),
    });
    let body = Full::from(response).with_trailers(async { trailers.map(Ok) });
    Ok(Response::from_parts(response_head, Body::new(body)))
}

impl Call {
    /// The request, as HTTP/2 has it.
    fn sent(&self) -> anyhow::Result<String> {
        let Call { head, request, .. } = self;
        let mut text = String::from("the client sends\n");
        let pseudo = [(":method", head.method.as_str()), (":path", head.uri.path())];
        write_headers(&mut text, &pseudo, &head.headers)?;
        writeln!(text, "  DATA     {} bytes", request.len())?;
        Ok(text)
    }

    /// The response, as HTTP/2 has it.
    fn answered(&self) -> anyhow::Result<String> {
        let Call { response_head, response, trailers, .. } = self;
        let mut text = String::from("the server answers\n");
        let pseudo = [(":status", response_head.status.as_str())];
        write_headers(&mut text, &pseudo, &response_head.headers)?;
        if !response.is_empty() {
            writeln!(text, "  DATA     {} bytes", response.len())?;
        }
        if let Some(trailers) = trailers {
            write_headers(&mut text, &[], trailers)?;
        }
        Ok(text)
    }
}

fn write_headers(
    text: &mut String,
    pseudo: &[(&str, &str)],
    headers: &HeaderMap,
) -> anyhow::Result<()> {
    let mut frame = "HEADERS";
    let mut line = |name: &str, value: &str| {
        let line = writeln!(text, "  {frame:7}  {name}: {value}");
        frame = "";
        line
    };
    for (name, value) in pseudo {
        line(name, value)?;
    }
    for (name, value) in headers {
        line(name.as_str(), value.to_str()?)?;
    }
    Ok(())
}

/// A line of a table: a field, if it begins here; bytes; what they mean.
struct Row {
    field: String,
    bytes: Vec<u8>,
    meaning: String,
}

impl Row {
    fn new(field: &str, bytes: &[u8], meaning: impl Into<String>) -> Row {
        Row { field: field.into(), bytes: bytes.into(), meaning: meaning.into() }
    }
}

fn table(rows: &[Row]) -> anyhow::Result<String> {
    let mut lines = vec![("field", "bytes".to_owned(), "meaning")];
    for Row { field, bytes, meaning } in rows {
        let (mut field, mut meaning) = (field.as_str(), meaning.as_str());
        // So that a line is not too long for a page.
        for bytes in bytes.chunks(10) {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            lines.push((field, bytes.join(" "), meaning));
            (field, meaning) = ("", "");
        }
    }
    let fields = lines.iter().map(|(field, ..)| field.len()).max().unwrap_or_default();
    let bytes = lines.iter().map(|(_, bytes, _)| bytes.len()).max().unwrap_or_default();
    let mut text = String::new();
    for (field, hex, meaning) in lines {
        let line = format!("{field:fields$}  {hex:bytes$}  {meaning}");
        writeln!(text, "{}", line.trim_end())?;
    }
    Ok(text)
}

/// The body of a request or response that has one message.
fn body(mut rest: &[u8], fields: Fields) -> anyhow::Result<Vec<Row>> {
    let flag = take(&mut rest, 1)?;
    ensure!(flag == [0], "the message is compressed");
    let length = take(&mut rest, 4)?;
    ensure!(length == u32::try_from(rest.len())?.to_be_bytes(), "not one message");
    let mut rows = vec![
        Row::new("", flag, "compressed: no"),
        Row::new("", length, format!("length of the message: {}", rest.len())),
    ];
    rows.extend(message(rest, fields)?);
    Ok(rows)
}

/// A message, taken apart as `fields` say.
fn message(mut rest: &[u8], fields: Fields) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    while !rest.is_empty() {
        let (key, bytes) = varint(&mut rest)?;
        let (number, wire_type) = (key >> 3, key & 7);
        let index = usize::try_from(number)?.checked_sub(1);
        let (name, of_type) = index.and_then(|index| fields.get(index)).context("no such field")?;
        rows.push(Row::new(name, bytes, format!("key: field {number}, wire type {wire_type}")));
        match (wire_type, of_type) {
            (0, Type::Int32) => {
                let (value, bytes) = varint(&mut rest)?;
                rows.push(Row::new("", bytes, (value as i32).to_string()));
            }
            (2, Type::String) => {
                let text = str::from_utf8(delimited(&mut rest, &mut rows)?)?;
                rows.push(Row::new("", text.as_bytes(), format!("{text:?}")));
            }
            (2, Type::Message(fields)) => {
                for row in message(delimited(&mut rest, &mut rows)?, fields)? {
                    let within = if row.field.is_empty() { "" } else { "  " };
                    rows.push(Row { field: format!("{within}{}", row.field), ..row });
                }
            }
            (5, Type::Float) => {
                let bytes = take(&mut rest, 4)?;
                rows.push(Row::new("", bytes, f32::from_le_bytes(bytes.try_into()?).to_string()));
            }
            _ => bail!("field {number} has wire type {wire_type}"),
        }
    }
    Ok(rows)
}

/// Takes a length and what is so long from the front of `rest`; the length becomes a row.
fn delimited<'a>(rest: &mut &'a [u8], rows: &mut Vec<Row>) -> anyhow::Result<&'a [u8]> {
    let (length, bytes) = varint(rest)?;
    rows.push(Row::new("", bytes, format!("length: {length}")));
    take(rest, usize::try_from(length)?)
}

/// Takes a varint from the front of `rest`: its value, and its bytes.
fn varint<'a>(rest: &mut &'a [u8]) -> anyhow::Result<(u64, &'a [u8])> {
    let last = rest.iter().position(|byte| byte & 0x80 == 0).context("no end of a varint")?;
    let bytes = take(rest, last + 1)?;
    ensure!(bytes.len() <= 10, "a varint is too long");
    // The first byte has the lowest seven bits.
    let value = bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
    Ok((value, bytes))
}

/// Takes `length` bytes from the front of `rest`.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> anyhow::Result<&'a [u8]> {
    rest.split_off(..length).context("cut short")
}
