//! SIGTERM under load: nobody is answered 5xx, nothing is lost, and the exit is clean.

use std::time::Duration;

use crate::under_load::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f06_sigterm_under_load_loses_nothing_and_answers_no_5xx() {
    let mut world = World::new().await;
    let mut running = world.run(150.0, Duration::from_secs(6)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let server = world.server();
    server.terminate();
    let status = tokio::task::block_in_place(|| server.wait());
    assert!(status.success(), "the drain ended with {status}");
    // To the outside a restart is a crash that was announced: sockets are opened again.
    running.note_crash();
    world.server = Some(tokio::task::block_in_place(|| world.home.start()));
    let observed = running.finish(|_| {}).await;
    let refused: Vec<_> =
        observed.customers.answers.iter().filter(|(status, _)| **status >= 500).collect();
    assert!(refused.is_empty(), "answers of 5xx: {refused:?}");
    let audit = world.audit(&observed).await;
    let findings: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
