//! One event: when it is, how long, and when again.

use icalendar::parser::{Component, Property};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::busy::Busy;
use crate::moment::Moment;
use crate::recur;

/// A title of more characters is cut.
const TITLE: usize = 80;

/// What an event may say of itself, beside `X-…`: RFC 5545, and 7986, 9073 and 9253, which add to it. Anything else may be one of
/// those that say when it is, misspelt.
const KNOWN: &[&str] = &[
    "ATTACH",
    "ATTENDEE",
    "CALENDAR-ADDRESS",
    "CATEGORIES",
    "CLASS",
    "COLOR",
    "COMMENT",
    "CONCEPT",
    "CONFERENCE",
    "CONTACT",
    "CREATED",
    "DESCRIPTION",
    "DTEND",
    "DTSTAMP",
    "DTSTART",
    "DURATION",
    "EXDATE",
    "EXRULE",
    "GEO",
    "IMAGE",
    "LAST-MODIFIED",
    "LINK",
    "LOCATION",
    "LOCATION-TYPE",
    "NAME",
    "ORGANIZER",
    "PRIORITY",
    "RDATE",
    "RECURRENCE-ID",
    "REFID",
    "RELATED-TO",
    "REQUEST-STATUS",
    "RESOURCES",
    "RESOURCE-TYPE",
    "RRULE",
    "SEQUENCE",
    "SOURCE",
    "STATUS",
    "STRUCTURED-DATA",
    "STYLED-DESCRIPTION",
    "SUMMARY",
    "TRANSP",
    "UID",
    "URL",
];

/// An event that takes time.
pub(crate) struct Event {
    what: String,
    start: Moment,
    /// What is between its beginning and its end: for days, so many of 24 hours on a clock that never changes.
    length: SignedDuration,
    rule: Option<String>,
    more: Vec<DateTime>,
    except: Vec<DateTime>,
}

impl Event {
    /// `None` for one that is cancelled.
    pub(crate) fn read(component: &Component<'_>, zone: Option<&str>) -> Result<Option<Event>, String> {
        let what = title(&text_of(component, "SUMMARY")?.unwrap_or_default());
        let wrong = |why: String| format!("the event {what}: {why}");
        if text_of(component, "STATUS")?.is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(None);
        }
        Event::of(component, zone, &what).map(Some).map_err(wrong)
    }

    fn of(component: &Component<'_>, zone: Option<&str>, what: &str) -> Result<Event, String> {
        let one = |name: &str| -> Result<Option<Moment>, String> {
            let Some(property) = only(component, name)? else { return Ok(None) };
            let mut all = Moment::all(property, zone)?;
            match (all.pop(), all.is_empty()) {
                (Some(moment), true) => Ok(Some(moment)),
                _ => Err(format!("its {name} is not one time")),
            }
        };
        let known = |name: &str| {
            let is_own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-"));
            is_own || KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let mut names = component.properties.iter().map(|property| property.name.as_str());
        if let Some(name) = names.find(|name| !known(name)) {
            return Err(format!("it has a {}, which no event has", title(name)));
        }
        let start = one("DTSTART")?.ok_or("it has no DTSTART")?;
        let (end, duration) = (one("DTEND")?, text_of(component, "DURATION")?);
        let length = match (end, duration) {
            (Some(_), Some(_)) => return Err("it has a DTEND and a DURATION".to_owned()),
            (Some(end), None) if end.is_day != start.is_day => {
                return Err("it begins with a day and ends with a time, or the other way round".to_owned());
            }
            (Some(end), None) if start.is_day => start.civil.duration_until(end.civil),
            (Some(end), None) => start.timestamp()?.duration_until(end.timestamp()?),
            (None, Some(text)) => duration_of(&text)?,
            (None, None) if start.is_day => SignedDuration::from_hours(24),
            (None, None) => return Err("it has no end".to_owned()),
        };
        if length <= SignedDuration::ZERO || length > SignedDuration::from_hours(24 * 3660) {
            return Err("it does not end after it begins, or takes over ten years".to_owned());
        }
        if start.is_day && length.as_secs() % (24 * 60 * 60) != 0 {
            return Err("it begins with a day and takes a part of one".to_owned());
        }
        if named(component, "EXRULE").next().is_some() {
            return Err("EXRULE is not followed".to_owned());
        }
        let all = |name: &str| -> Result<Vec<DateTime>, String> {
            let mut all = Vec::new();
            for property in named(component, name) {
                for moment in Moment::all(property, zone)? {
                    if moment.is_day != start.is_day {
                        return Err(format!("its {name} is not written as its DTSTART is"));
                    }
                    all.push(if moment.is_day { moment.civil } else { moment.civil_in(&start.zone)? });
                }
            }
            Ok(all)
        };
        let (more, except) = (all("RDATE")?, all("EXDATE")?);
        let rule = text_of(component, "RRULE")?;
        Ok(Event { what: what.to_owned(), start, length, rule, more, except })
    }

    pub(crate) fn recurs(&self) -> bool {
        self.rule.is_some()
    }

    /// The times that it takes, as far as they are not over at `from` and begin before `until`.
    pub(crate) fn times(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Busy>, String> {
        let Event { what, start, length, rule, more, except } = self;
        let wrong = |why: String| format!("the event {what}: {why}");
        // The first one is one whatever the rule says.
        let mut all = vec![start.civil];
        all.extend(more);
        if let Some(rule) = rule {
            let day = SignedDuration::from_hours(48);
            let clock = |at: Timestamp| start.zone.to_datetime(at);
            let first = clock(from).saturating_sub(*length).saturating_sub(day);
            let last = clock(until).saturating_add(day);
            all.extend(recur::followed(rule, start, (first, last)).map_err(wrong)?);
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|civil| !except.contains(civil));
        let mut times = Vec::new();
        for civil in all {
            let begins = Moment { civil, ..start.clone() }.timestamp().map_err(wrong)?;
            let ends = match start.is_day {
                true => {
                    let civil = civil.saturating_add(*length);
                    Moment { civil, ..start.clone() }.timestamp().map_err(wrong)?
                }
                false => begins.saturating_add(*length).map_err(|_| wrong("it never ends".to_owned()))?,
            };
            if ends > from && begins < until {
                times.push(Busy { from: begins, to: ends, what: what.clone() });
            }
        }
        Ok(times)
    }
}

fn duration_of(text: &str) -> Result<SignedDuration, String> {
    let none = || format!("`{text}` is no DURATION");
    let span: Span = Some(text)
        .filter(|text| text.starts_with(['P', '+']))
        .ok_or_else(none)?
        .parse()
        .map_err(|_| none())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| none())
}

fn named<'c, 'i>(component: &'c Component<'i>, name: &str) -> impl Iterator<Item = &'c Property<'i>> {
    let name = name.to_owned();
    component.properties.iter().filter(move |property| property.name.as_str().eq_ignore_ascii_case(&name))
}

fn only<'c, 'i>(component: &'c Component<'i>, name: &str) -> Result<Option<&'c Property<'i>>, String> {
    let mut found = named(component, name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(format!("it has two {name}")),
        (found, None) => Ok(found),
    }
}

/// The text of a property that stands once at most.
pub(crate) fn text_of(component: &Component<'_>, name: &str) -> Result<Option<String>, String> {
    Ok(only(component, name)?.map(|property| property.val.as_str().trim().to_owned()))
}

/// A title on one line.
fn title(text: &str) -> String {
    let text = text.replace("\\n", " ").replace("\\N", " ").replace('\\', "");
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(TITLE) {
        _ if words.is_empty() => "without a title".to_owned(),
        Some((at, _)) => format!("{}…", &words[..at]),
        None => words,
    }
}
