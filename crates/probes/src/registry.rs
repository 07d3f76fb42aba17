//! `image` with `registry`: what a registry has of an image, by the OCI distribution API.

use holdpoint_model::{
    HeaderValue, HttpProbe, ImageName, ImageProbe, Method, is_image_digest, is_loopback, sha256,
};
use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value, json};
use url::Url;

use crate::Setting;
use crate::http::{Fetched, fetch};
use crate::parts::Facts;

/// Most bytes of a manifest, as registries take them, and of a configuration.
const MOST: u64 = 4 * 1024 * 1024;
/// Registries have parts of images served by others.
const REDIRECTS: u32 = 5;
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

pub(crate) async fn ask(probe: &ImageProbe, setting: &Setting, facts: &mut Facts) -> Result<(), String> {
    facts.set("name", probe.name.as_str());
    let bad = || format!("`{}` names no registry and an image of it", probe.name);
    let image = ImageName::parse(&probe.name).ok_or_else(bad)?;
    facts.set("registry", image.registry.as_str());
    let mut registry = Registry { setting, image: &image, token: None };
    let (mut manifest, digest) = registry.manifest(&image.reference).await?;
    facts.set("digest", digest.as_str());
    let name = probe.name.split('@').next().unwrap_or_default();
    let name = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name, |(name, _)| name);
    facts.set("digests", json!([format!("{name}@{digest}")]));
    facts.set("media_type", manifest.get("mediaType").cloned().unwrap_or_default());
    if let Some(all) = manifest.get("manifests").and_then(Value::as_array) {
        let platforms: Vec<Platform> = all.iter().filter_map(Platform::of).collect();
        facts.set("platforms", platforms.iter().map(Platform::told).collect::<Vec<_>>());
        let chosen = chosen(&platforms, probe.architecture.as_deref())?;
        manifest = registry.manifest(&chosen.digest).await?.0;
    }
    let config = manifest.pointer("/config/digest").and_then(Value::as_str);
    let config = config.ok_or("the manifest names no configuration: it is none of an image")?;
    let read = registry.config(config).await?;
    let text = |name: &str| read.get(name).and_then(Value::as_str).map(str::to_owned);
    facts.set("id", config);
    for name in ["architecture", "os", "variant", "created"] {
        facts.set(name, text(name));
    }
    let labels = read.pointer("/config/Labels").filter(|labels| labels.is_object());
    facts.set("labels", labels.cloned().unwrap_or_else(|| Value::Object(Map::new())));
    Ok(())
}

/// One of several images under one name.
struct Platform {
    digest: String,
    architecture: String,
    os: String,
    variant: Option<String>,
}

impl Platform {
    /// `None` for what is no image, as attestations that lie beside one.
    fn of(entry: &Value) -> Option<Platform> {
        let text = |name: &str| entry.pointer(name).and_then(Value::as_str).map(str::to_owned);
        let architecture = text("/platform/architecture").filter(|it| it != "unknown")?;
        let os = text("/platform/os").unwrap_or_default();
        Some(Platform { digest: text("/digest")?, architecture, os, variant: text("/platform/variant") })
    }

    fn told(&self) -> Value {
        json!({ "architecture": self.architecture, "os": self.os, "variant": self.variant, "digest": self.digest })
    }

    fn words(&self) -> String {
        let variant = self.variant.iter().map(|variant| format!("/{variant}")).collect::<String>();
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

/// The one that is meant: never a guess among several.
fn chosen<'p>(all: &'p [Platform], wanted: Option<&str>) -> Result<&'p Platform, String> {
    let meant: Vec<&Platform> =
        all.iter().filter(|it| wanted.is_none_or(|wanted| it.architecture == wanted)).collect();
    let words =
        |all: &mut dyn Iterator<Item = &Platform>| all.map(Platform::words).collect::<Vec<_>>().join(", ");
    match (meant.as_slice(), wanted) {
        ([one], _) => Ok(one),
        ([], Some(wanted)) => {
            Err(format!("there is no image for {wanted}: there are {}", words(&mut all.iter())))
        }
        ([], None) => Err("the name stands for a list without an image".to_owned()),
        (several, None) => {
            let all = words(&mut several.iter().copied());
            Err(format!("there are images for {all}: say which by `architecture`"))
        }
        (several, Some(wanted)) => {
            let all = words(&mut several.iter().copied());
            Err(format!("there are several images for {wanted} ({all}): name one by its digest"))
        }
    }
}

struct Registry<'r> {
    setting: &'r Setting,
    image: &'r ImageName,
    /// What the registry has anybody show it who asks.
    token: Option<String>,
}

impl Registry<'_> {
    /// A manifest by its tag or digest, and the digest of its bytes.
    async fn manifest(&mut self, reference: &str) -> Result<(Value, String), String> {
        let fetched = self.part("manifests", reference, Some(MANIFESTS)).await?;
        let digest = format!("sha256:{}", sha256(&fetched.body));
        let told = fetched.headers.get("docker-content-digest").and_then(|told| told.to_str().ok());
        for (wanted, who) in [(Some(reference), "asked for"), (told, "told by the registry")] {
            if let Some(wanted) = wanted.filter(|wanted| is_image_digest(wanted) && *wanted != digest) {
                return Err(format!("what came has the digest {digest}, and {wanted} was {who}"));
            }
        }
        let manifest = json(&fetched.body, "the manifest")?;
        // What can be read in two ways is another image to somebody else.
        if manifest.get("manifests").is_some()
            && (manifest.get("config").is_some() || manifest.get("layers").is_some())
        {
            return Err("the manifest is that of an image and a list of several at once".to_owned());
        }
        Ok((manifest, digest))
    }

    async fn config(&mut self, digest: &str) -> Result<Value, String> {
        if !is_image_digest(digest) {
            return Err(format!("the configuration is named by `{digest}`, which is no SHA-256"));
        }
        let fetched = self.part("blobs", digest, None).await?;
        let came = format!("sha256:{}", sha256(&fetched.body));
        if came != digest {
            return Err(format!("what came has the digest {came}, and {digest} was asked for"));
        }
        json(&fetched.body, "the configuration")
    }

    async fn part(&mut self, kind: &str, reference: &str, accept: Option<&str>) -> Result<Fetched, String> {
        let ImageName { registry, repository, .. } = self.image;
        let scheme = if self.image.is_of_this_machine() { "http" } else { "https" };
        let url = format!("{scheme}://{registry}/v2/{repository}/{kind}/{reference}");
        let mut fetched = self.get(&url, accept).await?;
        if fetched.status == StatusCode::UNAUTHORIZED && self.token.is_none() {
            self.token = Some(self.anonymous(&fetched).await?);
            fetched = self.get(&url, accept).await?;
        }
        match fetched.status {
            StatusCode::OK => Ok(fetched),
            StatusCode::NOT_FOUND => {
                Err(format!("{registry} has no {repository} {reference}{}", said(&fetched.body)))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refuses()),
            status => Err(format!("{registry} answers {status}{}", said(&fetched.body))),
        }
    }

    fn refuses(&self) -> String {
        let ImageName { registry, repository, .. } = self.image;
        format!(
            "{registry} gives {repository} to nobody without an account, and a probe has none: have the container engine pull it, \
             and ask that one, without `registry`"
        )
    }

    async fn get(&self, url: &str, accept: Option<&str>) -> Result<Fetched, String> {
        let mut headers: Vec<(String, HeaderValue)> = Vec::new();
        headers.extend(accept.map(|accept| ("accept".to_owned(), HeaderValue::Text(accept.to_owned()))));
        // It goes to the registry alone, wherever that sends us.
        headers.extend(
            self.token
                .as_ref()
                .map(|it| ("authorization".to_owned(), HeaderValue::Text(format!("Bearer {it}")))),
        );
        fetch(&request(url, headers, REDIRECTS), self.setting, &mut Facts::default()).await
    }

    /// A token that anybody is given who asks for it (RFC 6750, and the registries' own specification).
    async fn anonymous(&self, refused: &Fetched) -> Result<String, String> {
        let challenges = refused.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|it| it.to_str().ok());
        let mut bearer = challenges.filter_map(|challenge| {
            let (scheme, rest) = challenge.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| parameters(rest))
        });
        let found = bearer.next().ok_or_else(|| self.refuses())?;
        let of = |name: &str| found.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let realm = of("realm").ok_or_else(|| self.refuses())?;
        let mut url = Url::parse(realm)
            .map_err(|error| format!("the registry sends us for a token to `{realm}`: {error}"))?;
        let plain = self.image.is_of_this_machine() && url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !(url.scheme() == "http" && plain) {
            return Err(format!(
                "the registry sends us for a token to {realm}, and the way there is not by https"
            ));
        }
        url.query_pairs_mut()
            .extend_pairs(of("service").map(|service| ("service", service)))
            .append_pair("scope", &format!("repository:{}:pull", self.image.repository));
        let asked = request(url.as_str(), Vec::new(), 0);
        let fetched = fetch(&asked, self.setting, &mut Facts::default()).await?;
        if fetched.status != StatusCode::OK {
            return Err(self.refuses());
        }
        let answer = json(&fetched.body, "the token")?;
        let token = ["token", "access_token"].iter().find_map(|name| answer.get(name)?.as_str());
        token.map(str::to_owned).ok_or_else(|| self.refuses())
    }
}

fn request(url: &str, headers: Vec<(String, HeaderValue)>, redirects: u32) -> HttpProbe {
    HttpProbe {
        url: url.to_owned(),
        method: Method::Get,
        headers,
        body: None,
        redirects,
        ca: None,
        client: None,
        resolve: None,
        valid_for: None,
        at_most: MOST,
        reads_json: false,
    }
}

fn json(bytes: &[u8], what: &str) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("{what} is no JSON: {error}"))
}

/// What a registry says of an error.
fn said(body: &[u8]) -> String {
    let read: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = read.pointer("/errors/0/message").and_then(Value::as_str);
    message.map(|message| format!(": {}", message.chars().take(200).collect::<String>())).unwrap_or_default()
}

/// `name="value"` behind the scheme of a challenge (RFC 9110, 11.6.1).
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name.trim_matches([' ', ',', '\t']).to_ascii_lowercase(), value.trim().to_owned()));
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_by_its_parameters() {
        let read = parameters("realm=\"https://a/t?x=1,2\", Service=reg ,scope=\"repository:a:pull\"");
        let wanted = [("realm", "https://a/t?x=1,2"), ("service", "reg"), ("scope", "repository:a:pull")];
        assert_eq!(read, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(parameters("").is_empty() && parameters("realm").is_empty());
    }

    #[test]
    fn which_image_is_meant_among_several_is_never_guessed() {
        let platform = |architecture: &str, variant: Option<&str>| Platform {
            digest: "sha256:0".to_owned(),
            architecture: architecture.to_owned(),
            os: "linux".to_owned(),
            variant: variant.map(str::to_owned),
        };
        let all = [platform("amd64", None), platform("arm", Some("v5")), platform("arm", Some("v7"))];
        let told = |all: &[Platform], wanted| chosen(all, wanted).map(Platform::words);
        assert_eq!(told(&all, Some("amd64")), Ok("linux/amd64".to_owned()));
        assert_eq!(told(&all[..1], None), Ok("linux/amd64".to_owned()));
        for (all, wanted, why) in [
            (&all[..], None, "say which by `architecture`"),
            (&all[..], Some("arm"), "several images for arm (linux/arm/v5, linux/arm/v7)"),
            (&all[..], Some("s390x"), "no image for s390x: there are linux/amd64, linux/arm/v5"),
            (&[][..], None, "a list without an image"),
        ] {
            let refused = told(all, wanted).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
