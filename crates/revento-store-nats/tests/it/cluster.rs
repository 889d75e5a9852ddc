//! A private cluster of three servers, whose nodes can be killed, restarted, stopped and resumed.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const NODES: usize = 3;

#[derive(Debug)]
pub(crate) struct Cluster {
    program: PathBuf,
    nodes: Vec<Node>,
    token: String,
    /// Dropped last: it has the data of all nodes.
    folder: TempDir,
}

#[derive(Debug)]
struct Node {
    port: u16,
    route_port: u16,
    monitor_port: u16,
    child: Option<Child>,
}

impl Cluster {
    /// Starts all nodes, and waits until each has joined.
    pub(crate) fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("revento-nats-").tempdir()?;
        let ports = free_ports(3 * NODES)?;
        let nodes = ports.chunks_exact(3).map(|ports| Node {
            port: ports[0],
            route_port: ports[1],
            monitor_port: ports[2],
            child: None,
        });
        let mut cluster = Self {
            program: program.into(),
            nodes: nodes.collect(),
            token: random_text()?,
            folder,
        };
        for node in 0..NODES {
            cluster.restart(node)?;
        }
        for node in 0..NODES {
            cluster.wait(node)?;
        }
        Ok(cluster)
    }

    /// The URLs of all nodes, with commas between them.
    pub(crate) fn urls(&self) -> String {
        let urls = self.nodes.iter();
        let urls: Vec<_> = urls
            .map(|node| format!("nats://{}@127.0.0.1:{}", self.token, node.port))
            .collect();
        urls.join(",")
    }

    /// Ends a node with `kill -9`.
    pub(crate) fn kill(&mut self, node: usize) {
        if let Some(mut child) = self.nodes[node].child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts a node that is not running, with the data that it had.
    pub(crate) fn restart(&mut self, node: usize) -> io::Result<()> {
        let place = self.folder.path().join(node.to_string());
        fs::create_dir_all(&place)?;
        let settings = place.join("nats.conf");
        fs::write(&settings, self.settings(node, &place))?;
        let log = File::options()
            .append(true)
            .create(true)
            .open(place.join("log"))?;
        let mut command = Command::new(&self.program);
        command
            .arg("-c")
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.nodes[node].child = Some(command.spawn()?);
        Ok(())
    }

    /// Stops a node: it keeps its connections and answers nothing.
    pub(crate) fn stop(&self, node: usize) -> io::Result<()> {
        self.signal(node, Signal::STOP)
    }

    /// Resumes a stopped node.
    pub(crate) fn resume(&self, node: usize) -> io::Result<()> {
        self.signal(node, Signal::CONT)
    }

    fn signal(&self, node: usize, signal: Signal) -> io::Result<()> {
        if let Some(child) = &self.nodes[node].child {
            kill_process(Pid::from_child(child), signal)?;
        }
        Ok(())
    }

    /// Waits until a node is healthy.
    pub(crate) fn wait(&self, node: usize) -> io::Result<()> {
        for _ in 0..1200 {
            if self.is_healthy(node).unwrap_or(false) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.path().join(node.to_string()).join("log"))?;
        let end: Vec<_> = log.lines().rev().take(8).collect();
        Err(io::Error::other(format!("node {node} does not join: {end:?}")))
    }

    /// Whether a node says that it has everything that the others have.
    pub(crate) fn is_healthy(&self, node: usize) -> io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.nodes[node].monitor_port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.0 200"))
    }

    fn settings(&self, number: usize, place: &Path) -> String {
        let (node, token) = (&self.nodes[number], &self.token);
        let routes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| format!("\"nats-route://route:{token}@127.0.0.1:{}\"", node.route_port))
            .collect();
        let streams = place.join("streams");
        format!(
            "server_name: node{number}\nlisten: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\nauthorization {{ token: \"{token}\" }}\n\
             max_payload: 2MB\njetstream {{ store_dir: {streams:?} }}\ncluster {{\n  name: revento\n  listen: \"127.0.0.1:{}\"\n  \
             authorization {{ user: route, password: \"{token}\" }}\n  routes: [{}]\n}}\n",
            node.port,
            node.monitor_port,
            node.route_port,
            routes.join(", ")
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in 0..self.nodes.len() {
            self.kill(node);
        }
    }
}

/// Ports that are free now. All are held at once, so that no two are the same.
fn free_ports(count: usize) -> io::Result<Vec<u16>> {
    let listeners: io::Result<Vec<_>> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect();
    listeners?
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}

/// A password, so that the cluster is private on a shared machine too.
fn random_text() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
