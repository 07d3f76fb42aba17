//! What a row of the bench is made of. Rows are data: nothing here runs anything.

/// One case: the same work by us, by the least that the machine allows, and by others.
pub(super) struct Row {
    /// What it is called on the command line.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Measured rounds; `--quick` takes a third.
    pub(super) rounds: usize,
    pub(super) contenders: Vec<Contender>,
    pub(super) targets: Vec<Target>,
    /// So many hosts are there for it, reached by ssh.
    pub(super) hosts: u32,
    /// A run-book that the program must understand for this row to be measured.
    pub(super) needs: Option<String>,
    /// Who would be compared as well, and why that cannot be.
    pub(super) absent: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ours,
    Limit,
    Peer,
}

/// Somebody who does a row's work.
pub(super) struct Contender {
    /// What targets call it.
    pub(super) name: &'static str,
    pub(super) role: Role,
    pub(super) program: Program,
    pub(super) arguments: Vec<String>,
    /// What is put into the directory that it starts in, which is a new one each time.
    pub(super) files: Vec<(&'static str, Content)>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) place: Place,
    /// The exit code that says that the work was done.
    pub(super) exit: i32,
    /// How many units the work has; times are compared by the unit.
    pub(super) units: u32,
    /// It makes something ready first, which is not what is measured: it says itself when the work began and ended. Processor
    /// time and memory are those of all of it.
    pub(super) times_itself: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Holdpoint,
    /// `holdpoint-limits`
    Limits,
    /// `holdpoint-inputs`
    Inputs,
    /// A C program that does nothing, linked statically.
    True,
    /// One of [`super::peers::PEERS`].
    Peer(&'static str),
    /// A shell with a peer's programs first on its path.
    ShellWith(&'static str),
    /// Found on the path.
    System(&'static str),
}

pub(super) enum Content {
    Text(String),
    /// A text that names the row's hosts, each as `USER@ADDRESS:PORT`.
    OfHosts(fn(&[String]) -> String),
    /// A link to a generated input.
    Link(Input),
    /// A copy of a generated input, to be written to.
    Copy(Input),
}

/// What is generated once and kept below `target/bench/inputs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A run-book of so many blocks, about 1.1 KB each.
    Document { blocks: u32 },
    /// A record of so many events.
    Record { events: u32, closed: bool },
    /// A store of so many runs of one document.
    Store { runs: u32 },
}

/// Where a contender's directory lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the disk of the target directory.
    Disk,
    /// The same, in a git repository where everything is committed.
    Repository,
    /// On a file system in memory, where a sync costs nothing.
    Memory,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Wall time by the unit.
    Time,
    /// Processor time by the unit: steadier than wall time, and no target.
    Processor,
    /// Peak resident memory.
    Memory,
}

/// What is to be reached.
pub(super) struct Target {
    pub(super) what: &'static str,
    pub(super) figure: Figure,
    pub(super) of: &'static str,
    pub(super) over: Over,
    pub(super) at_most: f64,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Another contender's figure; the target is a ratio.
    Contender(&'static str),
    /// Nothing; the target is in seconds or bytes.
    Nothing,
}

impl Contender {
    pub(super) fn new(name: &'static str, role: Role, program: Program, arguments: &[&str]) -> Contender {
        Contender {
            name,
            role,
            program,
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            files: Vec::new(),
            variables: Vec::new(),
            place: Place::Disk,
            exit: 0,
            units: 1,
            times_itself: false,
        }
    }

    pub(super) fn timing_itself(mut self) -> Contender {
        self.times_itself = true;
        self
    }

    pub(super) fn file(mut self, name: &'static str, content: Content) -> Contender {
        self.files.push((name, content));
        self
    }

    pub(super) fn text(self, name: &'static str, text: impl Into<String>) -> Contender {
        self.file(name, Content::Text(text.into()))
    }

    pub(super) fn at(mut self, place: Place) -> Contender {
        self.place = place;
        self
    }

    pub(super) fn units(mut self, units: u32) -> Contender {
        self.units = units;
        self
    }

    pub(super) fn exits(mut self, exit: i32) -> Contender {
        self.exit = exit;
        self
    }

    pub(super) fn set(mut self, name: &str, value: &str) -> Contender {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Row {
    pub(super) fn new(name: &'static str, title: &'static str, rounds: usize) -> Row {
        let (contenders, targets, absent) = (Vec::new(), Vec::new(), Vec::new());
        Row { name, title, rounds, contenders, targets, hosts: 0, needs: None, absent }
    }

    pub(super) fn at_hosts(mut self, count: u32) -> Row {
        self.hosts = count;
        self
    }

    pub(super) fn with(mut self, contender: Contender) -> Row {
        self.contenders.push(contender);
        self
    }

    pub(super) fn and(mut self, contenders: Vec<Contender>) -> Row {
        self.contenders.extend(contenders);
        self
    }

    pub(super) fn time(self, what: &'static str, of: &'static str, over: &'static str, at_most: f64) -> Row {
        self.target(what, Figure::Time, of, Over::Contender(over), at_most)
    }

    pub(super) fn memory(
        self,
        what: &'static str,
        of: &'static str,
        over: &'static str,
        at_most: f64,
    ) -> Row {
        self.target(what, Figure::Memory, of, Over::Contender(over), at_most)
    }

    pub(super) fn target(
        mut self,
        what: &'static str,
        figure: Figure,
        of: &'static str,
        over: Over,
        at_most: f64,
    ) -> Row {
        self.targets.push(Target { what, figure, of, over, at_most });
        self
    }

    pub(super) fn needs(mut self, document: &str) -> Row {
        self.needs = Some(document.to_owned());
        self
    }

    pub(super) fn absent(mut self, who: &'static str, why: &'static str) -> Row {
        self.absent.push((who, why));
        self
    }
}
