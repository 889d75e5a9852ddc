//! The files in `deploy/` fit the program, and the tools that read them accept them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing test panics, and one that cannot run says so"
)]

use std::{collections::BTreeSet, fs, process::Command};

use saphyr::{LoadableYamlNode, Yaml};

const MANIFEST: &str = include_str!("../deploy/kubernetes.yaml");
const UNIT: &str = include_str!("../deploy/integration.service");
const SETTINGS: &str = include_str!("../src/settings.rs");
const PAGES: &str = include_str!("../src/routes.rs");
/// Where the unit expects the program.
const PROGRAM: &str = "/usr/local/bin/revento-example-actix";

/// The variables that the program reads, and those without which it does not start.
fn variables() -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let is_name =
        |text: &&str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let all = SETTINGS.split('"').skip(1).step_by(2).filter(is_name).collect();
    let required = SETTINGS.split("required(\"").skip(1);
    let required = required.map(|rest| rest.split('"').next().unwrap()).collect();
    (all, required)
}

fn documents() -> Vec<Yaml<'static>> {
    Yaml::load_from_str(MANIFEST).unwrap()
}

fn of_kind<'y>(documents: &'y [Yaml<'static>], kind: &str) -> &'y Yaml<'static> {
    let mut found = documents
        .iter()
        .filter(|document| document["kind"].as_str() == Some(kind));
    let one = found.next().unwrap();
    assert!(found.next().is_none(), "{kind}");
    one
}

fn keys<'y>(mapping: &'y Yaml<'static>) -> BTreeSet<&'y str> {
    let mapping = mapping.as_mapping().unwrap();
    mapping.keys().map(|key| key.as_str().unwrap()).collect()
}

#[test]
fn the_manifest_sets_what_the_program_reads() {
    let documents = documents();
    let secrets = keys(&of_kind(&documents, "Secret")["stringData"]);
    let settings = keys(&of_kind(&documents, "ConfigMap")["data"]);
    assert!(secrets.is_disjoint(&settings));
    let set: BTreeSet<_> = secrets.union(&settings).copied().collect();
    let (all, required) = variables();
    assert!(required.len() >= 7 && all.len() > required.len(), "{all:?}");
    assert!(set.is_subset(&all), "{:?}", set.difference(&all));
    assert!(required.is_subset(&set), "{:?}", required.difference(&set));
    assert!(
        secrets
            .iter()
            .all(|name| name.contains("SECRET") || name.contains("KEY") || name.contains("URL"))
    );
}

#[test]
fn the_parts_of_the_manifest_fit_each_other() {
    let documents = documents();
    for document in &documents {
        assert!(document["apiVersion"].as_str().is_some() && document["metadata"]["name"].as_str().is_some());
    }
    let spec = &of_kind(&documents, "Deployment")["spec"];
    let labels = &spec["template"]["metadata"]["labels"];
    assert_eq!(&spec["selector"]["matchLabels"], labels);
    assert_eq!(&of_kind(&documents, "Service")["spec"]["selector"], labels);
    let budget = &of_kind(&documents, "PodDisruptionBudget")["spec"];
    assert_eq!(&budget["selector"]["matchLabels"], labels);
    assert!(budget["minAvailable"].as_integer() < spec["replicas"].as_integer());

    let pod = &spec["template"]["spec"];
    let container = &pod["containers"][0];
    let port = container["ports"][0]["containerPort"].as_integer().unwrap();
    let configured = of_kind(&documents, "ConfigMap")["data"]["PORT"].as_str().unwrap();
    assert_eq!(configured, port.to_string());
    for probe in ["livenessProbe", "readinessProbe"] {
        let path = container[probe]["httpGet"]["path"].as_str().unwrap();
        assert!(PAGES.contains(&format!(".route(\"{path}\"")), "{path}");
    }
    // The server of actix-web finishes its requests within 30 s.
    let pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        .as_integer()
        .unwrap();
    assert!(pod["terminationGracePeriodSeconds"].as_integer().unwrap() > pause + 30 + 30);
    let mounted = container["volumeMounts"].as_sequence().unwrap().iter();
    let mounted: BTreeSet<_> = mounted.map(|mount| mount["name"].as_str().unwrap()).collect();
    let volumes = pod["volumes"].as_sequence().unwrap().iter();
    let volumes: BTreeSet<_> = volumes.map(|volume| volume["name"].as_str().unwrap()).collect();
    assert_eq!(mounted, volumes);
}

#[test]
fn systemd_accepts_the_unit() {
    let (all, _) = variables();
    let set = UNIT.lines().filter_map(|line| line.strip_prefix("Environment="));
    for pair in set.flat_map(|line| line.split(' ')) {
        let (name, _) = pair.split_once('=').unwrap();
        assert!(all.contains(name), "{name}");
    }
    assert!(UNIT.contains(&format!("ExecStart={PROGRAM}\n")));
    // It wants the program to be there.
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("integration.service");
    fs::write(&unit, UNIT.replace(PROGRAM, "/bin/sh")).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&unit).output();
    let Ok(verified) = verified else {
        println!("skipped: systemd-analyze is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
}
