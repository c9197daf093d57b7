//! Whether a learner's server still has what it was told when it is started again: a pair has a new
//! file each time.

use crate::learner::ours::Ours;
use crate::run::side::Side;
use crate::system::files::Scratch;
use crate::workspace::lesson::Lesson;

/// What is wrong with the second start of `server`, which works as far as `step`, on the file of the
/// first one, if something is, and the first step whose client sees it. Nothing is seen in a lesson
/// whose server has no file.
///
/// # Errors
///
/// If a program cannot be started.
pub async fn wrong(
    ours: &Ours,
    lesson: &Lesson,
    server: &Side,
    step: usize,
) -> anyhow::Result<Option<(usize, String)>> {
    let Some(name) = &lesson.file else { return Ok(None) };
    let Some(last) = at(ours, name, server, step).await? else { return Ok(None) };
    for state in ours.states.runnable().filter(|state| state.step < step) {
        if let Some(why) = at(ours, name, server, state.step).await? {
            return Ok(Some((state.step, why)));
        }
    }
    Ok(Some((step, last)))
}

/// What the client of `step` sees of it.
async fn at(ours: &Ours, name: &str, server: &Side, step: usize) -> anyhow::Result<Option<String>> {
    let state = ours.at(step)?;
    let mut printed = Vec::new();
    for server in [&ours.programs.side(&state.pair.server)?, server] {
        let scratch = Scratch::new()?;
        let file = scratch.0.join(name);
        let server = server.clone().with_file(None).with_data(&file);
        ours.run(state, &server).await?;
        if !file.exists() {
            return Ok(Some(format!(
                "your server was told the file `{name}`, and did not make it"
            )));
        }
        let again = ours.run(state, &server).await?;
        if let Some((_, server)) = again.server()
            && let Some(failure) = &server.failure
        {
            let cause = server.cause();
            let why = format!("your server, started again with the same file, {failure}{cause}");
            return Ok(Some(why));
        }
        printed.push(again.printed(&again.client));
    }
    let lines = |index: usize| printed[index].lines().chain(["nothing more"]);
    let differ = lines(0).zip(lines(1)).find(|(ours, theirs)| ours != theirs);
    Ok(differ.map(|(ours, theirs)| {
        format!(
            "your server was started again with the same file, and our client printed `{theirs}`, \
             expected `{ours}`"
        )
    }))
}
