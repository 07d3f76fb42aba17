//! Which probe is asked.

use holdpoint_model::Probe;

use crate::parts::Facts;
use crate::{Answer, Setting, dns, file, git, http, image, tcp};

/// Asks. Never waits longer than whoever polls it does.
pub async fn ask(probe: &Probe, setting: &Setting) -> Answer {
    let mut facts = Facts::default();
    facts.set("probe", probe.kind());
    facts.set("by", setting.by.as_str());
    let asked = match probe {
        Probe::Http(probe) => http::ask(probe, setting, &mut facts).await,
        Probe::Tcp(probe) => tcp::ask(probe, &mut facts).await,
        Probe::Dns(probe) => dns::ask(probe, &mut facts).await,
        Probe::File(probe) => file::ask(probe, &setting.root, &mut facts).await,
        Probe::Git(probe) => git::ask(probe, (&setting.root, setting.store.as_deref()), &mut facts).await,
        Probe::Image(probe) => image::ask(probe, &mut facts).await,
    };
    let failure = asked.err();
    if let Some(why) = &failure {
        facts.set("error", why.as_str());
    }
    let (facts, json) = facts.into_parts();
    Answer { facts, json, failure }
}
