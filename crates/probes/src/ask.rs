//! Which probe is asked.

use holdpoint_model::Probe;

use crate::parts::Facts;
use crate::{Answer, Setting, dns, file, git, http, image, registry, tcp};

/// Asks, until there is an answer or `ends` says why it is waited for no longer: what was found until then is the answer.
pub async fn ask(probe: &Probe, setting: &Setting, ends: impl Future<Output = String>) -> Answer {
    let mut facts = Facts::default();
    facts.set("probe", probe.kind());
    facts.set("by", setting.by.as_str());
    let asked = {
        let asking = asking(probe, setting, &mut facts);
        tokio::select! {
            biased;
            asked = asking => asked,
            why = ends => Err(why),
        }
    };
    let failure = asked.err();
    if let Some(why) = &failure {
        facts.set_first("error", why.as_str());
    }
    let (facts, json) = facts.into_parts();
    Answer { facts, json, failure }
}

async fn asking(probe: &Probe, setting: &Setting, facts: &mut Facts) -> Result<(), String> {
    match probe {
        Probe::Http(probe) => http::ask(probe, setting, facts).await,
        Probe::Tcp(probe) => tcp::ask(probe, facts).await,
        Probe::Dns(probe) => dns::ask(probe, facts).await,
        Probe::File(probe) => file::ask(probe, &setting.root, facts).await,
        Probe::Git(probe) => git::ask(probe, (&setting.root, setting.store.as_deref()), facts).await,
        Probe::Image(probe) if probe.registry => registry::ask(probe, setting, facts).await,
        Probe::Image(probe) => image::ask(probe, facts).await,
    }
}
