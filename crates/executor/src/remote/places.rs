//! What a place is asked beside blocks: what it keeps of attempts, and what there is.

use super::order::Call;
use super::{Remote, Unreachable, ask};

/// What a place keeps of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The attempt's id.
    pub id: String,
    /// How far it is.
    pub held: Held,
}

/// How far an attempt on a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It ended.
    Ended,
    /// It never ran.
    Void,
    /// It was begun and has no end: it runs, or is in doubt.
    Begun,
    /// Nobody has decided yet.
    Undecided,
}

/// What a place answered to the question what there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// Who one is there.
    pub user: String,
    /// The keys of the host that are known here, one of which it has proved: kind and fingerprint; none of a place that is no
    /// host.
    pub host_keys: Vec<String>,
    /// The login shell there, where the session says which.
    pub login_shell: Option<String>,
    /// System and release.
    pub system: String,
    /// Interpreters and tools that are there, with their paths.
    pub programs: Vec<(String, String)>,
    /// How far its clock is ahead of ours, seconds, by half the time of the question; negative where it is behind.
    pub clock_ahead: f64,
    /// What is free where attempts are kept, KiB.
    pub free_kib: Option<u64>,
    /// Why blocks cannot become whom the target names, in the words of the program that refused it.
    pub become_refused: Option<String>,
    /// Who tells a signal from an exit code there: `awk`, `time`, or only the `shell`, which cannot for all of them.
    pub witness: String,
}

impl Remote {
    /// Clears away what the place keeps of an attempt's output, once its caller has all of it for good. A tombstone stays, so
    /// that it can never run again. Says whether there was an ended attempt to clear.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn reap(&self, id: &str) -> Result<bool, Unreachable> {
        // The session that followed it is there still, most times: it costs a place several processes to open another.
        let mut idle = self.idle.lock().await;
        let resting = self.resting.borrow_mut().remove(id);
        if let Some(resting) = resting
            && let Some(open) = resting.reap().await
        {
            *idle = Some(open);
            return Ok(true);
        }
        drop(idle);
        let said = ask(&self.line, self.call(id), "reap").await?;
        Ok(said.iter().any(|(word, _)| word == "reaped"))
    }

    /// Removes an attempt with its tombstone: for runs that are closed. `by_force`: one that is in doubt too. Says whether it
    /// is gone.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn clean(&self, id: &str, by_force: bool) -> Result<bool, Unreachable> {
        let call = self.call(id).with("force", if by_force { "yes" } else { "" });
        let said = ask(&self.line, call, "clean").await?;
        Ok(said.iter().any(|(word, _)| word == "cleaned" || word == "none"))
    }

    /// Removes attempts with their tombstones, as [`Remote::clean`]; gives those that stay, for they have no end.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn clean_all(&self, ids: &[String]) -> Result<Vec<String>, Unreachable> {
        let mut left = Vec::new();
        // What one question may say and take is bounded.
        for some in ids.chunks(100) {
            let said = ask(&self.line, self.call("").with("ids", some.join(" ")), "clean_all").await?;
            left.extend(said.into_iter().filter(|(word, _)| word == "left").map(|(_, id)| id));
        }
        Ok(left)
    }

    /// The attempts of which the place keeps something.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn kept(&self) -> Result<Vec<Kept>, Unreachable> {
        let said = ask(&self.line, self.call(""), "list").await?;
        let items = said.iter().filter(|(word, _)| word == "item");
        let kept = items.filter_map(|(_, rest)| rest.split_once(' ')).map(|(id, held)| Kept {
            id: id.to_owned(),
            held: match held {
                "ended" => Held::Ended,
                "run" => Held::Begun,
                "undecided" => Held::Undecided,
                _ => Held::Void,
            },
        });
        Ok(kept.collect())
    }

    /// Asks what there is.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn probe(&self) -> Result<Probed, Unreachable> {
        let asked = std::time::SystemTime::now();
        let becoming = super::order::Ways { hello: &self.hello, setting: &self.setting }.becoming();
        let (becoming, unfit) = match becoming {
            Ok(becoming) => (becoming, None),
            Err(why) => (String::new(), Some(why)),
        };
        let call = Call::new().with("base", &self.hello.base).with("become", becoming);
        let said = ask(&self.line, call, "probe").await?;
        let answered = std::time::SystemTime::now();
        let of = |key: &str| said.iter().find(|(word, _)| word == key).map(|(_, rest)| rest.clone());
        let seconds = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
        };
        let half_way = f64::midpoint(seconds(asked), seconds(answered));
        // Its clock was read in whole seconds: on average half of one is cut off.
        let there = of("now").and_then(|now| now.parse::<f64>().ok()).map(|now| now + 0.5);
        let programs = said.iter().filter(|(word, _)| word == "program");
        Ok(Probed {
            user: self.hello.user.clone(),
            host_keys: self.line.host_keys().await,
            login_shell: of("login").filter(|shell| !shell.is_empty()),
            system: of("system").unwrap_or_default(),
            programs: programs
                .filter_map(|(_, rest)| rest.split_once(' '))
                .map(|(name, path)| (name.to_owned(), path.to_owned()))
                .collect(),
            clock_ahead: there.map_or(0.0, |there| there - half_way),
            free_kib: of("free").and_then(|free| free.trim().parse().ok()),
            become_refused: unfit.or_else(|| of("refused").map(|why| why.trim().to_owned())),
            witness: self.hello.how.clone(),
        })
    }
}
