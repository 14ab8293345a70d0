//! The binary `chasqui`.

fn main() -> std::process::ExitCode {
    server::cli::main()
}
