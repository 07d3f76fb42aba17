//! `verify`: re-proves a record. Executes nothing and needs nothing beside the record, and what its reader trusts.

use holdpoint_document::many;
use std::path::Path;

use holdpoint_engine::Rehearsed;
use holdpoint_record::{
    AnchorHeld, Anchored, Anchors, Beside as OnRecord, ByKey, Expunged, Held, Of, Reviewed, Reviews, Trust,
    Verification, Whose, beside, hold, reviews, verify as prove, whose,
};
use holdpoint_view::{AnchorFacts, Beside};
use serde_json::{Value, json};

use super::anchored;
use super::choice::{Among, chosen};
use super::export::unpack_problem;
use super::read::{place_of, read_problem};
use super::reviewed;
use crate::args::{self, Format};
use crate::bundle::{self, not_a_bundle};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::stamps::{self, NoToken, Stamped};
use crate::trust;

/// Proves the record that was named.
pub fn verify(screen: &Screen, arguments: &args::Verify) -> Result<Exit, Problem> {
    let only = match &arguments.run {
        Some(_) => None,
        None => Some(chosen(screen, None, Among::All)?),
    };
    let path = match (&only, &arguments.run) {
        (Some(only), _) => only.path.as_path(),
        (None, named) => Path::new(named.as_deref().unwrap_or_default()),
    };
    // A path needs no store, no repository and no configuration: an auditor has the directory, or a bundle, and
    // nothing else.
    let unpacked = bundle::unpacked(path).map_err(unpack_problem)?;
    let dir = match &unpacked {
        Some(unpacked) => unpacked.dir.clone(),
        None if only.is_some() => path.to_owned(),
        None => match place_of(&path.to_string_lossy()) {
            Err(_) if path.is_file() => return Err(unpack_problem(not_a_bundle())),
            place => place?,
        },
    };
    let proof: Verification = prove(&dir).map_err(read_problem)?;
    let reviews = match proof.verdict.holds() {
        true => reviews(&dir).map_err(read_problem)?,
        false => Reviews::default(),
    };
    let anchors = match &proof.opened {
        Some(opened) if proof.verdict.holds() => {
            anchored::proved(&dir, opened, &proof.position).map_err(read_problem)?.whole()?
        }
        _ => Anchors::default(),
    };
    let held = arguments.trust.as_deref().map(|trusted| held(&dir, &proof, (&reviews, &anchors), trusted));
    let held = held.transpose()?.flatten();
    // A bundle has no store beside it.
    let looks = unpacked.is_none() && proof.verdict.holds();
    let relied = proof.rehearsals.iter();
    let beside = relied.filter(|_| looks).map(|(_, named)| beside(&dir, named)).collect();
    let told =
        VerifyReport { proof: &proof, held: held.as_ref(), beside, reviews: &reviews, anchors: &anchors };
    match arguments.format {
        Format::Json => {
            screen.data(&serde_json::to_string_pretty(&told.json()).unwrap_or_default());
        }
        Format::Text => told.text(screen),
    }
    let sound = proof.verdict.intact() && told.trusted() != Some(false) && told.wrong_beside().is_empty();
    Ok(if sound { Exit::Passed } else { Exit::Record })
}

/// The record, and what was proved beside it, held against what is trusted. `None` where it is not what was written: then
/// nothing of it counts.
pub fn held(
    dir: &Path,
    proof: &Verification,
    (reviews, anchors): (&Reviews, &Anchors),
    trusted: &Path,
) -> Result<Option<Held>, Problem> {
    // What cannot be trusted is told even where there is nothing to hold against it.
    let Some(opened) = &proof.opened else { return Ok(None) };
    let trust = trust::read(trusted, opened, &proof.exchanged)?;
    if !proof.verdict.holds() {
        return Ok(None);
    }
    let mut held = hold(Of { dir, opened, proof }, &trust)
        .map_err(|why| Problem::record(why, "Nothing was changed. Verify it without --trust."))?;
    for Reviewed { signed, .. } in &reviews.held {
        let (whose, wrong) = whose(signed, &trust, &format!("review {} by {}", signed.event, signed.who));
        held.wrong.extend(wrong);
        held.reviewers.push(whose);
    }
    for anchored in &anchors.held {
        let (known, wrong) = anchor_held(anchored, &trust)?;
        held.wrong.extend(wrong);
        held.anchors.push(known);
    }
    Ok(Some(held))
}

/// What is known outside of a record of one of its anchors, and why it is not to be trusted.
fn anchor_held(anchored: &Anchored, trust: &Trust) -> Result<(AnchorHeld, Option<String>), Problem> {
    let number = anchored.anchor.number;
    if let Some(tagged) = &anchored.tagged {
        let what = format!("anchor {number}, a tag by {}", tagged.signed.who);
        let (whose, wrong) = whose(&tagged.signed, trust, &what);
        return Ok((AnchorHeld::Tag(Box::new(whose)), wrong));
    }
    let Some(authorities) = &trust.now.authorities else { return Ok((AnchorHeld::Token(None), None)) };
    match stamps::prove(&anchored.bytes, anchored.anchor.over.digest(), Some(authorities)) {
        Ok(Stamped { untrusted: None, .. }) => Ok((AnchorHeld::Token(Some(true)), None)),
        Ok(Stamped { untrusted: Some(why), .. }) | Err(NoToken::There(why)) => {
            let why = format!("anchor {number} is not by a trusted authority: {why}");
            Ok((AnchorHeld::Token(Some(false)), Some(why)))
        }
        Err(other) => Err(anchored::no_token(&other)),
    }
}

/// What is said of a record.
pub struct VerifyReport<'a> {
    /// What was proved.
    pub proof: &'a Verification,
    /// What came of holding it against what is trusted.
    pub held: Option<&'a Held>,
    /// What the store beside it has of each rehearsal that it relied on; nothing where that was not looked for.
    pub beside: Vec<OnRecord>,
    /// What was said of it afterwards.
    pub reviews: &'a Reviews,
    /// What says from outside that it was there.
    pub anchors: &'a Anchors,
}

impl VerifyReport<'_> {
    /// Whether everything is as trusted; `None` where nothing was held against it.
    pub fn trusted(&self) -> Option<bool> {
        self.held.map(|held| held.wrong.is_empty())
    }

    /// What is wrong with its rehearsals' own records.
    fn rewritten(&self) -> Vec<String> {
        let wrong = self.proof.rehearsals.iter().zip(&self.beside).filter_map(|((_, named), beside)| {
            let OnRecord::Wrong(why) = beside else { return None };
            Some(format!("run {}, the rehearsal that it relied on: {why}", named.number))
        });
        wrong.collect()
    }

    /// On whose word the signatures count; `None` where there are none, or they do not.
    fn by(&self) -> Option<&'static str> {
        let VerifyReport { proof, held, .. } = self;
        if !proof.verdict.intact() {
            return None;
        }
        let signed = !proof.signed.is_empty();
        match held {
            Some(held) if !held.wrong.is_empty() => None,
            Some(_) => signed.then_some("trusted signers"),
            None => signed.then_some("its own signers"),
        }
    }

    /// The verdict in words, and whose word it is.
    pub fn words(&self) -> String {
        let verdict = self.proof.verdict.to_string();
        let words = match (self.by(), self.trusted()) {
            (Some(by), _) => format!("{verdict}, by {by}"),
            (None, Some(false)) => format!("{verdict}, but not as trusted"),
            (None, _) => verdict,
        };
        self.wrong_beside().into_iter().fold(words, |words, what| format!("{words}, but {what}"))
    }

    /// What does not hold of what lies beside the record, or should.
    fn wrong_beside(&self) -> Vec<&'static str> {
        let (rewritten, unanchored) = (self.rewritten(), self.unanchored());
        let beside = Beside {
            rehearsal: rewritten.first().map(String::as_str),
            reviews: self.reviews.wrong.as_deref(),
            anchors: self.anchors.wrong.as_deref(),
            no_anchor: unanchored.as_deref(),
        };
        beside.wrong().map(|(what, _)| what).collect()
    }

    /// Why it lacks an anchor.
    fn unanchored(&self) -> Option<String> {
        self.proof.unanchored(self.anchors)
    }

    /// What is told of its anchors, by whom as far as is known.
    fn anchored(&self) -> impl Iterator<Item = AnchorFacts> {
        self.anchors.held.iter().enumerate().map(|(at, anchored)| {
            let by = match self.held.and_then(|held| held.anchors.get(at)) {
                Some(AnchorHeld::Token(Some(true))) => "by a trusted authority".to_owned(),
                Some(AnchorHeld::Token(Some(false))) => "by an authority that is NOT TRUSTED".to_owned(),
                Some(AnchorHeld::Tag(whose)) => {
                    let ByKey { who, key, .. } = &whose.signed;
                    let name = anchored.tagged.as_ref().map_or("", |tagged| tagged.name.as_str());
                    format!("{name} by {who} with {key}{}, by their own clock", vouched(whose))
                }
                Some(AnchorHeld::Token(None)) | None => return anchored::facts(anchored),
            };
            anchored::facts_by(anchored, by)
        })
    }

    fn json(&self) -> Value {
        let VerifyReport { proof, held, .. } = self;
        let gone = |gone: &Expunged| {
            let mut json = json!({"event": gone.event, "still_there": gone.still_there});
            json["key"] = json!(gone.key);
            json["tombstone"] = serde_json::to_value(&gone.tombstone).unwrap_or_default();
            json
        };
        let expunged: Vec<_> = proof.expunged.iter().map(gone).collect();
        let signature = |signed: &ByKey| {
            let ByKey { event, what, who, key, page, .. } = signed;
            json!({"event": event, "what": what, "who": who, "key": key, "page": page})
        };
        let signatures: Vec<Value> = match held {
            None => proof.signed.iter().map(signature).collect(),
            Some(held) => {
                let whose = held.signatures.iter().map(|whose| {
                    let mut json = signature(&whose.signed);
                    json["trusted_by"] = json!(whose.from);
                    json["revoked_today"] = json!(whose.revoked);
                    json
                });
                whose.collect()
            }
        };
        json!({
            "verdict": proof.verdict.to_string(),
            "by": self.by(),
            "intact": proof.verdict.intact(),
            "trusted": self.trusted(),
            "events": proof.position.events,
            "bytes": proof.position.bytes,
            "sha256": proof.position.sha256,
            "blobs_checked": proof.blobs,
            "expunged": expunged,
            "signatures_checked": proof.signatures,
            "signatures": signatures,
            "expectations_judged_again": proof.judged_again,
            "conformity_checked": proof.conformity_checked(),
            "rehearsal": self.rehearsals().pop(),
            "rehearsals": self.rehearsals(),
            "reviews": self.reviews.held.iter().map(reviewed::facts).collect::<Vec<_>>(),
            "reviews_wrong": self.reviews.wrong,
            "anchors": self.anchored().collect::<Vec<_>>(),
            "anchors_wrong": self.anchors.wrong,
            "no_anchor": self.unanchored(),
            "remarks": proof.remarks,
            "not_as_trusted": held.map(|held| &held.wrong),
            "trust_remarks": held.map(|held| &held.remarks),
        })
    }

    /// The rehearsals that it relied on, and where the own record of each stands.
    fn rehearsals(&self) -> Vec<Value> {
        let told = self.proof.rehearsals.iter().enumerate().map(|(at, (event, named))| {
            let Rehearsed { number, id, environment, ended, seal, captured, .. } = named;
            let (record, why) = match self.beside.get(at) {
                None => ("not looked for", None),
                Some(OnRecord::NotHere) => ("not here", None),
                Some(OnRecord::Same) => ("as relied on", None),
                Some(OnRecord::Wrong(why)) => ("not as relied on", Some(why)),
            };
            json!({
                "event": event, "number": number, "id": id, "environment": environment, "ended": ended,
                "seal": seal.sha256, "captured": captured, "record": record, "why": why,
            })
        });
        told.collect()
    }

    fn text(&self, screen: &Screen) {
        let VerifyReport { proof, held, beside, reviews, anchors } = self;
        // A reason, a name or an address is somebody's text, and passes for no line of ours.
        let tell = |sentence: &str| screen.tell(&screen.within_a_line(&format!("  {sentence}")));
        screen.data_hung("", &self.words());
        self.rewritten().iter().for_each(|why| tell(why));
        let wrong = reviews.wrong.iter().chain(&anchors.wrong);
        wrong.for_each(|why| tell(why));
        self.unanchored().iter().for_each(|why| tell(why));
        held.iter().flat_map(|held| &held.wrong).for_each(|why| tell(why));
        proof.remarks.iter().chain(held.iter().flat_map(|held| &held.remarks)).for_each(|what| tell(what));
        tell(&format!(
            "{}, {}, sha256 {}",
            many(proof.position.events, "event"),
            many(proof.position.bytes, "byte"),
            proof.position.sha256
        ));
        let (blobs, judged) = (many(proof.blobs, "blob"), many(proof.judged_again, "execution"));
        tell(&format!("{blobs} checked, {judged} judged again"));
        if proof.signatures > 0 {
            tell(&format!("{} by key checked", many(proof.signatures, "signature")));
        }
        let relied = proof.rehearsals.iter().enumerate().filter(|_| proof.verdict.intact());
        for (at, (event, named)) in relied {
            let Rehearsed { number, id, environment, .. } = named;
            let same = named.same().map(|same| format!(", {same}")).unwrap_or_default();
            let record = match beside.get(at) {
                None | Some(OnRecord::NotHere) => ", by what is kept of it here",
                Some(OnRecord::Same) => ", whose record is here and the same",
                Some(OnRecord::Wrong(_)) => "",
            };
            let which =
                if *event > 0 { format!("the new document of event {event}, ") } else { String::new() };
            tell(&format!("{which}rehearsed in {environment}: run {number}, {id}{same}{record}"));
        }
        let line = |signed: &ByKey, trust: &str| {
            let ByKey { event, what, who, key, page, .. } = signed;
            let page =
                page.as_ref().map_or_else(String::new, |page| format!(" by passkey, asked for by {page}"));
            tell(&format!("event {event}: {what} by {who} with {key}{page}{trust}"));
        };
        match held {
            None => proof.signed.iter().for_each(|signed| line(signed, "")),
            Some(held) => {
                held.signatures.iter().for_each(|whose| line(&whose.signed, &vouched(whose)));
            }
        }
        for (at, reviewed) in reviews.held.iter().enumerate() {
            let key = &reviewed.signed.key;
            let trust = match held.and_then(|held| held.reviewers.get(at)) {
                Some(whose) => vouched(whose),
                None if reviewed.unlisted.is_some() => ", whom its own signers do not list".to_owned(),
                None => String::new(),
            };
            let words = reviewed::words(&reviewed::facts(reviewed));
            tell(&format!("review {words} (with {key}{trust})"));
        }
        for facts in self.anchored() {
            tell(&format!("anchor {}", anchored::words(&facts)));
        }
    }
}

/// Which of the trusted files vouch for a key, to follow on its name.
fn vouched(whose: &Whose) -> String {
    let from = match &whose.from {
        Some(from) => format!(", trusted by {from}"),
        None => ", NOT TRUSTED".to_owned(),
    };
    format!("{from}{}", if whose.revoked == Some(true) { ", REVOKED TODAY" } else { "" })
}
