//! The lines that the server prints: what is in them, and what isn't.

use anyhow::{Context, ensure};
use fleet::pb::TeamRequest;
use fleet::pb::teams_client::TeamsClient;
use testing::call::call_raw;
use testing::{STUCK, net::connect, program};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

#[tokio::test]
async fn each_call_has_a_line_and_a_line_has_no_secrets() -> anyhow::Result<()> {
    let (mut server, addr) = program::start(env!("CARGO_BIN_EXE_fleet"), None).await?;
    let mut lines = BufReader::new(server.stdout.take().context("no output")?).lines();
    let mut next = async || -> anyhow::Result<String> {
        let line = timeout(STUCK, lines.next_line()).await??.context("no more lines")?;
        let (span, times) = line.split_once("}: close time.busy=").context(line.clone())?;
        ensure!(times.contains(" time.idle="), "{line}");
        Ok(format!("{span}}}"))
    };
    let channel = connect(addr)?;
    let mut stub = TeamsClient::new(channel.clone());
    let long = "0".repeat(41);
    for (id, printed) in [
        ("1234", "1234"),
        // It can't end the line or its own field.
        ("a\" code=Ok}: b\\", r#"a\" code=Ok}: b\\"#),
        (&long, ""),
        ("", ""),
    ] {
        let mut request = Request::new(TeamRequest { city: "Boston".into() });
        request.metadata_mut().insert("request-id", id.parse()?);
        request.metadata_mut().insert("authorization", "Bearer secret".parse()?);
        stub.get_team(request).await?;
        let line = format!(r#"call{{id="{printed}" method="/Teams/GetTeam" code=Ok}}"#);
        assert_eq!(next().await?, line);
    }

    for (fail_at, code) in [(addr.to_string(), Code::Unavailable), ("[::1]:1".into(), Code::Ok)] {
        let mut request = Request::new(TeamRequest::default());
        request.metadata_mut().insert("fail-at", fail_at.parse()?);
        let result = stub.get_team(request).await;
        assert_eq!(result.map_or_else(|status| status.code(), |_| Code::Ok), code);
        assert_eq!(
            next().await?,
            format!(r#"call{{id="" method="/Teams/GetTeam" code={code:?}}}"#)
        );
    }

    // Those who ask how it is have none. The next line is of the next call.
    HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await?;
    let code = call_raw(&channel, "/Teams/GetTeam", &[0xff]).await?;
    assert_eq!(code, Code::Internal);
    assert_eq!(next().await?, r#"call{id="" method="/Teams/GetTeam" code=Internal}"#);
    let code = call_raw(&channel, "/Teams/GetTeams", b"").await?;
    assert_eq!(code, Code::Unimplemented);
    assert_eq!(next().await?, r#"call{id="" method="/Teams/GetTeams" code=Unimplemented}"#);
    Ok(())
}
