//! `image`: what the container engine of this machine knows of an image.

use holdpoint_helper::Helper;
use holdpoint_model::ImageProbe;
use serde_json::Value;

use crate::parts::Facts;
use crate::work;

const MOST: u64 = 4 * 1024 * 1024;

pub(crate) async fn ask(probe: &ImageProbe, facts: &mut Facts) -> Result<(), String> {
    facts.set("name", probe.name.as_str());
    if probe.name.starts_with('-') {
        return Err(format!("`{}` is no name of an image", probe.name));
    }
    let helper =
        Helper::new("docker").arguments(["image", "inspect", "--", &probe.name]).at_most(MOST).alone();
    let answer = work::answer(helper).await?;
    if answer.code() != Some(0) {
        return Err(format!("docker: {}", answer.words()));
    }
    let told: Value = serde_json::from_slice(&answer.printed)
        .map_err(|error| format!("docker answers what is no JSON: {error}"))?;
    let image = told.get(0).ok_or("docker tells of no image")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let digests = image.get("RepoDigests").and_then(Value::as_array).cloned().unwrap_or_default();
    // By the registry's digest where it has one, for that is the same everywhere.
    let of_registry =
        digests.iter().filter_map(Value::as_str).find_map(|digest| digest.split_once('@').map(|(_, it)| it));
    let id = text(image.get("Id"));
    facts.set("id", id.clone());
    facts.set("digest", of_registry.map(str::to_owned).or(id));
    facts.set("digests", digests);
    facts.set("architecture", text(image.get("Architecture")));
    facts.set("os", text(image.get("Os")));
    facts.set("created", text(image.get("Created")));
    let labels = image.pointer("/Config/Labels").filter(|labels| labels.is_object());
    facts.set("labels", labels.cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new())));
    Ok(())
}
