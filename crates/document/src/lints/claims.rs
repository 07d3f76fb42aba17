//! What the document claims about itself, held against the calendar.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Code, Config, Diagnostic, Plan};

/// Lints of the document-control claims, given today's date. `config` tells who is who.
pub(crate) fn claims(plan: &Plan, config: Option<&Config>, today: jiff::civil::Date) -> Vec<Diagnostic> {
    let front = &plan.front;
    let mut found = Vec::new();
    let mut add = |code, message: String, help: Cow<'static, str>| {
        found.push(Diagnostic::new(code, front.span, message, help))
    };
    if let Some(effective) = front.effective_date {
        if effective > today {
            add(
                Code::NotYetEffective,
                format!("the document is effective from {effective}, and today is {today}"),
                "use the revision that is effective now".into(),
            );
        }
        if let Some(approval) = front.approval_date.filter(|approval| effective < *approval) {
            add(
                Code::EffectiveBeforeApproval,
                format!("effective on {effective}, but approved only on {approval}"),
                "correct one of the two dates".into(),
            );
        }
    }
    let person = |name: &str| config.map_or(name.to_owned(), |config| config.person(name).to_owned());
    let whose = |name: &str| crate::folded(&person(name));
    let approvers: BTreeSet<String> = front.approvers.iter().map(|name| whose(name)).collect();
    let whole: BTreeSet<&String> = front.approvers.iter().collect();
    for author in front.authors.iter().filter(|author| approvers.contains(&whose(author))) {
        let same = whole.contains(author);
        let known = if same { String::new() } else { format!(" (`{}`)", person(author)) };
        add(
            Code::AuthorApproves,
            format!("`{author}`{known} is an author and also an approver"),
            "name an approver who did not write it".into(),
        );
    }
    let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (who, person) in config.map(|config| &config.people).into_iter().flatten() {
        if let Some(printed) = &person.name {
            people.entry(crate::folded(printed)).or_default().push(format!("`{who}`"));
        }
    }
    // Approvals and sign-offs name principals; what is printed beside them is no name for anybody.
    let printed = |name: &str| {
        config.filter(|config| config.principal(name).is_none())?;
        Some(people.get(&crate::folded(name))?.join(" or "))
    };
    let mut told = BTreeSet::new();
    for name in front.approvers.iter().chain(&front.authors).filter(|name| told.insert(name.as_str())) {
        if let Some(who) = printed(name) {
            add(
                Code::PrintedName,
                format!("`{name}` is a printed name, by which nobody approves or signs"),
                format!("write {who}, or give that person an alias in holdpoint.toml").into(),
            );
        }
    }
    let review = front.review_in.as_ref().and_then(|text| text.parse::<jiff::Span>().ok());
    let since = front.approval_date.or(front.effective_date);
    if let Some(due) = since.zip(review).and_then(|(since, span)| since.checked_add(span).ok())
        && due < today
    {
        add(
            Code::ReviewOverdue,
            format!("the document was to be reviewed by {due}, and today is {today}"),
            "review it and set a new approval date".into(),
        );
    }
    found
}
