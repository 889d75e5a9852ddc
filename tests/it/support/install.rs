//! Installs the dependencies of programs in other languages into the build folder, once.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::program::run;

/// Installs the Express server. Returns the path of its program.
pub(crate) async fn express(npm: &Path) -> PathBuf {
    node(npm, "express", Some("server.js")).await.join("server.js")
}

/// Installs the accessibility checker. Returns its script, to run in a page.
pub(crate) async fn axe(npm: &Path) -> String {
    let home = node(npm, "axe", None).await;
    std::fs::read_to_string(home.join("node_modules/axe-core/axe.min.js")).unwrap()
}

/// Installs the packages and the program of a Node project. Returns the folder, or the path of the program.
pub(crate) async fn node(npm: &Path, name: &str, program: Option<&str>) -> PathBuf {
    let (sources, home) = places(name);
    for file in std::iter::once("package.json").chain(program) {
        std::fs::copy(sources.join(file), home.join(file)).unwrap();
    }
    once(&home, &sources.join("package.json"), async || {
        let options = [
            "install",
            "--omit=dev",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
        ];
        run(Command::new(npm).args(options).current_dir(&home)).await;
    })
    .await;
    home
}

/// Installs the Flask server in its own Python environment. Returns the paths of the interpreter and the program.
pub(crate) async fn flask(python: &Path) -> (PathBuf, PathBuf) {
    self::python(python, "flask", "app.py").await
}

/// Creates a Python environment with the packages of a project. Returns the paths of the interpreter and the program.
pub(crate) async fn python(python: &Path, name: &str, program: &str) -> (PathBuf, PathBuf) {
    let (sources, home) = places(name);
    let own_python = venv(python, &home, &sources.join("requirements.txt")).await;
    (own_python, sources.join(program))
}

/// Creates a Python environment with these packages in `home`. Returns its interpreter.
pub(crate) async fn venv(python: &Path, home: &Path, requirements: &Path) -> PathBuf {
    let venv = home.join("venv");
    let own_python = venv.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    once(home, requirements, async || {
        run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv)).await;
        let options = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ];
        run(Command::new(&own_python).args(options).arg(requirements)).await;
    })
    .await;
    own_python
}

/// The folder of a program's sources, and the folder for its packages.
fn places(name: &str) -> (PathBuf, PathBuf) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name);
    (sources, home(name))
}

/// The folder of the build folder for what a program needs.
pub(crate) fn home(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the temporary folder is not in the build folder");
    let home = target.join("interop").join(name);
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// Installs unless exactly this list of packages is installed already.
pub(crate) async fn once(home: &Path, list: &Path, install: impl AsyncFnOnce()) {
    let wanted = std::fs::read(list).unwrap();
    let installed = home.join("installed");
    if std::fs::read(&installed).is_ok_and(|found| found == wanted) {
        return;
    }
    install().await;
    std::fs::write(installed, wanted).unwrap();
}
