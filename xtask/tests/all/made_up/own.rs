//! Lesson 1 in somebody's own style, up to step 4: in one file, with other names than ours. Which
//! mistake it makes is in the variable MISTAKE, so that it is built once for all of them.

use std::error::Error;
use std::net::SocketAddr;
use std::process::{abort, exit};
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};

pub mod pb {
    tonic::include_proto!("helloworld");
}
use pb::greeter_client::GreeterClient;
use pb::greeter_server::{Greeter, GreeterServer};
use pb::*;

fn makes(mistake: &str) -> bool {
    std::env::var("MISTAKE").is_ok_and(|it| it == mistake)
}

struct Hello;

#[tonic::async_trait]
impl Greeter for Hello {
    async fn say_hello(&self, r: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let name = &r.get_ref().name;
        if makes("panics in a call") {
            let _: u8 = name.parse().unwrap();
        }
        if makes("answers nothing") {
            std::future::pending::<()>().await;
        }
        if makes("says unimplemented") {
            // Its name would be a reason to believe that it is meant.
            return Err(Status::new(12.into(), "later"));
        }
        if makes("ends in a call") {
            exit(0);
        }
        if makes("exits in a call") {
            exit(4);
        }
        if makes("aborts in a call") {
            abort();
        }
        if makes("dbg in the server") {
            dbg!(name);
        }
        Ok(Response::new(HelloReply { message: format!("Hello, {name}!") }))
    }
}

async fn serve(mut addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    if makes("panics at first") {
        let _: u8 = "x".parse().unwrap();
    }
    if makes("aborts at first") {
        abort();
    }
    if makes("listens elsewhere") && addr.port() != 0 {
        addr.set_port(0);
    }
    if makes("listens on all") {
        addr.set_ip([0, 0, 0, 0].into());
    }
    let listener = TcpListener::bind(addr).await?;
    if makes("binds twice") {
        TcpListener::bind(listener.local_addr()?).await?;
    }
    let said = match () {
        () if makes("prints port 0") => addr.to_string(),
        () if makes("prints another port") => "127.0.0.1:1".to_owned(),
        () if makes("prints a name") => format!("localhost:{}", listener.local_addr()?.port()),
        () => listener.local_addr()?.to_string(),
    };
    if makes("says where on standard error") {
        eprintln!("Server started, listening on {said}");
    } else {
        println!("Server started, listening on {said}");
    }
    if makes("aborts before it is called") {
        drop(listener);
        abort();
    }
    let stop = async {
        if makes("handles no Ctrl-C") {
            std::future::pending::<()>().await;
        }
        tokio::signal::ctrl_c().await.ok();
        if makes("answers nothing") {
            exit(0);
        }
        if makes("exit code 3") {
            exit(3);
        }
        if makes("aborts when it stops") {
            abort();
        }
    };
    let services = match makes("adds no service") {
        true => Routes::default(),
        false => Routes::new(GreeterServer::new(Hello)),
    };
    let serving = Server::builder()
        .add_routes(services)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), stop);
    if makes("no await") {
        return Ok(());
    }
    Ok(serving.await?)
}

async fn call(addr: SocketAddr) -> Result<(), Box<dyn Error>> {
    println!("Will try to greet world ...");
    let url = match () {
        () if makes("no scheme") => format!("{addr}"),
        () if makes("calls elsewhere") => "http://127.0.0.1:1".to_owned(),
        () => format!("http://{addr}"),
    };
    if makes("dbg in the client") {
        dbg!(&url);
    }
    if makes("calls nobody") {
        println!("Greeter client received: Hello, you!");
        return Ok(());
    }
    let mut client = GreeterClient::connect(url).await?;
    if makes("panics in the client") {
        let _: u8 = "x".parse().unwrap();
    }
    let answer = client.say_hello(HelloRequest { name: "you".to_owned() }).await?;
    println!("Greeter client received: {}", answer.get_ref().message);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let role = args.next().unwrap_or_default();
    let addr = args.next().unwrap_or("127.0.0.1:50051".into()).parse()?;
    match &*role {
        "server" if !makes("no arm for server") => serve(addr).await,
        "client" if !makes("no arm for client") => call(addr).await,
        _ if makes("a client by default") => call(addr).await,
        _ => Err(format!("unknown role: {role}").into()),
    }
}
