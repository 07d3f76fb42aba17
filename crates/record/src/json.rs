//! JSON as a record allows it: no key twice, no floating-point number, at any depth.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Why text is not what a record allows.
#[derive(Debug)]
pub(crate) enum JsonFault {
    /// It is no JSON at all, so it may be a torn write.
    NotJson(String),
    /// It is JSON that a record must not hold, so somebody made it.
    Refused(String),
}

/// Parses one whole JSON text.
pub(crate) fn parse(text: &str) -> Result<Value, JsonFault> {
    let fault = |error: serde_json::Error| match error.is_data() {
        true => JsonFault::Refused(error.to_string()),
        false => JsonFault::NotJson(error.to_string()),
    };
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut parser).map_err(fault)?;
    parser.end().map_err(fault)?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floating-point numbers")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format_args!("the number {value} is not a whole one of at most 64 bits")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice in one object")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Whether `kind` is a type of event that this program knows.
pub(crate) fn knows_event(kind: &str) -> bool {
    let only_the_type = [("type", kind)];
    let probe = serde::de::value::MapDeserializer::<_, Probe>::new(only_the_type.into_iter());
    !matches!(holdpoint_engine::Event::deserialize(probe), Err(Probe::UnknownVariant))
}

/// An error that tells an unknown type from a known one that lacks its fields, without reading serde's prose.
#[derive(Debug)]
enum Probe {
    UnknownVariant,
    Other,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an event")
    }
}

impl std::error::Error for Probe {}

impl Error for Probe {
    fn custom<T: fmt::Display>(_: T) -> Probe {
        Probe::Other
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Probe {
        Probe::UnknownVariant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_nesting_are_read() {
        let text = r#"{"a":[1,-2,18446744073709551615,null,true,"x\u0000"],"b":{"a":{}}}"#;
        assert_eq!(parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"a":1,"b":2,"a":3}]}"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(
                matches!(parse(text), Err(JsonFault::Refused(why)) if why.contains("`a` stands twice")),
                "{text}"
            );
        }
    }

    #[test]
    fn floating_point_numbers_are_refused_at_any_depth() {
        for text in ["1.0", "[1e2]", r#"{"a":{"b":-0}}"#, "18446744073709551616", "-9223372036854775809"] {
            assert!(matches!(parse(text), Err(JsonFault::Refused(_))), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_refused() {
        for text in ["", "{", r#"{"a":1"#, r#"{"a":1}{"#, "{}\0", "\u{feff}{}", "nul", "{\"a\":\"\r\"}"] {
            assert!(matches!(parse(text), Err(JsonFault::NotJson(_))), "{text:?}");
        }
    }

    #[test]
    fn event_types_are_known_by_the_engines_own_list() {
        assert!(knows_event("run.opened"));
        assert!(knows_event("note"));
        assert!(!knows_event("run.paused"));
        assert!(!knows_event(""));
    }
}
