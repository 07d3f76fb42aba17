//! Which start of which machine or container this is: where the number of a process names that process. Two machines may have one
//! name, and after a restart a number names somebody else.

use serde::{Deserialize, Serialize};

/// One start of one machine, and one of its spaces of process numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Another one after every start.
    pub boot: String,
    /// The space of process numbers: a container's own, or the machine's.
    pub processes: String,
    /// The machine's id, where it has one: the same after every start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Kernel {
    /// That of this process; `None`: nobody can tell.
    pub(crate) fn own() -> Option<Kernel> {
        let text = |path: &str| Some(std::fs::read_to_string(path).ok()?.trim().to_owned());
        let boot = text("/proc/sys/kernel/random/boot_id")?;
        let processes = std::fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned();
        let machine = text("/etc/machine-id").filter(|id| id.len() == 32);
        Some(Kernel { boot, processes, machine })
    }

    /// Where a process of that start is, seen from this one.
    pub(crate) fn seen_from(&self, here: &Kernel) -> Seen {
        let is_restarted = self.machine.is_some() && self.machine == here.machine;
        match (self.boot == here.boot, self.processes == here.processes) {
            (true, true) => Seen::Here,
            (false, _) if is_restarted => Seen::Gone,
            _ => Seen::Elsewhere,
        }
    }
}

/// Where something is that an earlier driver left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Among the processes that can be seen from here.
    Here,
    /// Nowhere: the machine was started anew since, or its number names another process by now.
    Gone,
    /// On another machine, or in another container: nobody here can tell.
    Elsewhere,
}

/// When a process was started, in ticks since the machine was; `None`: there is none, or nobody can tell.
pub(crate) fn began(pid: i32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // `PID (NAME) STATE …`; NAME may hold anything.
    stat.rsplit(") ").next()?.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn another_start_of_the_same_machine_left_nothing_and_another_machine_or_container_is_elsewhere() {
        let of = |boot: &str, processes: &str, machine: Option<&str>| Kernel {
            boot: boot.to_owned(),
            processes: processes.to_owned(),
            machine: machine.map(str::to_owned),
        };
        let here = of("b", "pid:[1]", Some("m"));
        assert_eq!(here.seen_from(&here), Seen::Here);
        assert_eq!(of("b", "pid:[2]", Some("m")).seen_from(&here), Seen::Elsewhere);
        assert_eq!(of("a", "pid:[1]", Some("m")).seen_from(&here), Seen::Gone);
        assert_eq!(of("a", "pid:[1]", Some("n")).seen_from(&here), Seen::Elsewhere);
        assert_eq!(of("a", "pid:[1]", None).seen_from(&of("b", "pid:[1]", None)), Seen::Elsewhere);
    }

    #[test]
    fn a_process_began_at_a_time_that_stays() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(began(own).is_some());
        assert_eq!(began(own), began(own));
        assert_eq!(began(i32::MAX), None);
    }
}
