//! What the document claims about itself, held against the calendar.

use std::borrow::Cow;

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
    let approvers: Vec<String> = front.approvers.iter().map(|name| whose(name)).collect();
    for author in front.authors.iter().filter(|author| approvers.contains(&whose(author))) {
        let same = front.approvers.contains(author);
        let known = if same { String::new() } else { format!(" (`{}`)", person(author)) };
        add(
            Code::AuthorApproves,
            format!("`{author}`{known} is an author and also an approver"),
            "name an approver who did not write it".into(),
        );
    }
    // Approvals and sign-offs name principals; what is printed beside them is no name for anybody.
    let printed = |name: &str| {
        let config = config.filter(|config| config.principal(name).is_none())?;
        let named = config.people.iter().filter(|(_, person)| {
            person.name.as_deref().is_some_and(|printed| crate::folded(printed) == crate::folded(name))
        });
        let named: Vec<String> = named.map(|(who, _)| format!("`{who}`")).collect();
        (!named.is_empty()).then(|| named.join(" or "))
    };
    let mut told = std::collections::BTreeSet::new();
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
