//! A machine's own network, whose line can be cut.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Missing;
use crate::command::{find, is_root, run};

/// A network namespace with one cable to this machine. Gone when dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    near_end: String,
    far: String,
    near: Ipv4Addr,
    address: Ipv4Addr,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Network {
    /// # Errors
    /// This machine does not allow it.
    pub fn create() -> Result<Network, Missing> {
        if !is_root() {
            return Err(Missing("networks that can be cut are made by root".to_owned()));
        }
        find("ip", "iproute2")?;
        // Of this process alone: 10.x.y.z in steps of four.
        let process = std::process::id();
        let number =
            process.wrapping_mul(16).wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)) & 0x003f_ffff;
        let first = u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number * 4;
        let (near, address) = (Ipv4Addr::from(first + 1), Ipv4Addr::from(first + 2));
        let name = format!("hp{number:x}");
        let (near_end, far) = (format!("hn{number:x}"), format!("hf{number:x}"));
        let ip = |words: &str| run("ip", words.split(' '));
        ip(&format!("netns add {name}"))?;
        let network =
            Network { name: name.clone(), near_end: near_end.clone(), far: far.clone(), near, address };
        ip(&format!("link add {near_end} type veth peer name {far} netns {name}"))?;
        ip(&format!("addr add {near}/30 dev {near_end}"))?;
        ip(&format!("link set {near_end} up"))?;
        ip(&format!("-n {name} addr add {address}/30 dev {far}"))?;
        ip(&format!("-n {name} link set {far} up"))?;
        ip(&format!("-n {name} link set lo up"))?;
        Ok(network)
    }

    /// The address of the machine at the far end.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A program that will run at the far end. It sees the file systems of this machine, control groups too.
    pub fn within(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg(program);
        command
    }

    /// Lets whoever sits at the far end reach others at the far ends of cables of which this was said too, and them reach it:
    /// by way of this machine, which hands on what comes out of these cables and of no other.
    ///
    /// # Errors
    /// This machine hands nothing on.
    pub fn reach_others(&self) -> Result<(), Missing> {
        let near = self.near.to_string();
        run("ip", ["-n", &self.name, "route", "replace", "default", "via", &near])?;
        let switch = format!("/proc/sys/net/ipv4/conf/{}/forwarding", self.near_end);
        std::fs::write(switch, "1").map_err(Missing::because)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Pulls the cable out: nothing arrives any more, and nobody is told.
    ///
    /// # Errors
    /// `ip` failed.
    pub fn cut(&self) -> Result<(), Missing> {
        run("ip", ["-n", &self.name, "link", "set", &self.far, "down"]).map(drop)
    }

    /// Puts it back.
    ///
    /// # Errors
    /// `ip` failed.
    pub fn heal(&self) -> Result<(), Missing> {
        run("ip", ["-n", &self.name, "link", "set", &self.far, "up"]).map(drop)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Takes the cable with it.
        let _ = run("ip", ["netns", "del", &self.name]);
    }
}
