//! Every engine passes the same suite.

use storage::engine::Engines;

use crate::setup;

fn on_memory(case: impl FnOnce(&Engines)) {
    let engines = setup::memory();
    case(&engines);
    engines.close().unwrap();
}

fn on_embedded(case: impl FnOnce(&Engines)) {
    let directory = tempfile::tempdir().unwrap();
    let engines = setup::embedded(directory.path()).unwrap();
    case(&engines);
    engines.close().unwrap();
}

mod memory_log {
    storage::log_suite!(|case: fn(&_)| super::on_memory(|engines| case(&engines.log)));
}

mod memory_history {
    storage::history_suite!(|case: fn(&_)| super::on_memory(|engines| case(&engines.history)));
}

mod memory_directory {
    storage::directory_suite!(|case: fn(&_)| super::on_memory(|engines| case(&engines.directory)));
}

mod memory_snapshot {
    storage::snapshot_suite!(|case: fn(&_)| super::on_memory(|engines| case(&engines.snapshot)));
}

mod embedded_log {
    storage::log_suite!(|case: fn(&_)| super::on_embedded(|engines| case(&engines.log)));
}

mod embedded_history {
    storage::history_suite!(|case: fn(&_)| super::on_embedded(|engines| case(&engines.history)));
}

mod embedded_directory {
    storage::directory_suite!(|case: fn(&_)| super::on_embedded(|engines| case(
        &engines.directory
    )));
}

mod embedded_snapshot {
    storage::snapshot_suite!(|case: fn(&_)| super::on_embedded(|engines| case(&engines.snapshot)));
}
