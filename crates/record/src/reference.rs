//! Which blobs an event refers to: found by shape, so that a reference in a field that is added later is not overlooked.

use std::fmt;

use holdpoint_engine::Event;
use serde::Serialize;
use serde::ser::{self, Impossible, Serializer};

/// Hands over digest and length of every blob that an event refers to, in the order in which its line names them.
///
/// A reference is an object of two keys, `sha256` with a text and `bytes` with a number.
pub(crate) fn each_reference(event: &Event, found: &mut dyn FnMut(&str, u64)) -> Result<(), fmt::Error> {
    let mut walk = Walk { text: String::new(), keep: false, found };
    event.serialize(&mut walk).map(drop)
}

/// Walks what serde would write, and writes nothing.
struct Walk<'f> {
    /// The last text under a key `sha256`.
    text: String,
    keep: bool,
    found: &'f mut dyn FnMut(&str, u64),
}

/// What a value is, as far as a reference needs to know.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Whole(u64),
    Other,
}

/// A list, which can be no reference itself.
struct List<'w, 'f>(&'w mut Walk<'f>);

/// An object that may turn out to be a reference.
struct Object<'w, 'f> {
    walk: &'w mut Walk<'f>,
    keys: usize,
    named: bool,
    bytes: Option<u64>,
    key: Key,
}

#[derive(Clone, Copy, PartialEq)]
enum Key {
    Sha256,
    Bytes,
    Other,
}

impl<'w, 'f> Object<'w, 'f> {
    fn new(walk: &'w mut Walk<'f>) -> Object<'w, 'f> {
        Object { walk, keys: 0, named: false, bytes: None, key: Key::Other }
    }

    fn key(&mut self, key: &str) {
        self.key = match key {
            "sha256" => Key::Sha256,
            "bytes" => Key::Bytes,
            _ => Key::Other,
        };
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.keys += 1;
        self.walk.keep = self.key == Key::Sha256;
        let kind = value.serialize(&mut *self.walk)?;
        self.walk.keep = false;
        match (self.key, kind) {
            (Key::Sha256, Kind::Text) => self.named = true,
            (Key::Bytes, Kind::Whole(bytes)) => self.bytes = Some(bytes),
            _ => {}
        }
        Ok(())
    }

    fn close(self) -> Result<Kind, fmt::Error> {
        if let (2, true, Some(bytes)) = (self.keys, self.named, self.bytes) {
            (self.walk.found)(&self.walk.text, bytes);
        }
        Ok(Kind::Other)
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty => $kind:expr),* $(,)?) => {
        $(fn $method(self, value: $type) -> Result<Kind, fmt::Error> { Ok($kind(value)) })*
    };
}

fn other<T>(_: T) -> Kind {
    Kind::Other
}

/// JSON does not tell a signed number from an unsigned one.
fn signed(value: impl Into<i64>) -> Kind {
    u64::try_from(value.into()).map_or(Kind::Other, Kind::Whole)
}

fn unsigned(value: impl Into<u64>) -> Kind {
    Kind::Whole(value.into())
}

impl<'w, 'f> Serializer for &'w mut Walk<'f> {
    type Ok = Kind;
    type Error = fmt::Error;
    type SerializeSeq = List<'w, 'f>;
    type SerializeTuple = List<'w, 'f>;
    type SerializeTupleStruct = List<'w, 'f>;
    type SerializeTupleVariant = Impossible<Kind, fmt::Error>;
    type SerializeMap = Object<'w, 'f>;
    type SerializeStruct = Object<'w, 'f>;
    type SerializeStructVariant = Object<'w, 'f>;

    scalars! {
        serialize_bool: bool => other, serialize_i8: i8 => signed, serialize_i16: i16 => signed,
        serialize_i32: i32 => signed, serialize_i64: i64 => signed, serialize_u8: u8 => unsigned,
        serialize_u16: u16 => unsigned, serialize_u32: u32 => unsigned, serialize_u64: u64 => unsigned,
        serialize_f32: f32 => other, serialize_f64: f64 => other, serialize_char: char => other,
        serialize_bytes: &[u8] => other, serialize_unit_struct: &'static str => other,
    }

    fn serialize_str(self, value: &str) -> Result<Kind, fmt::Error> {
        if self.keep {
            self.text.clear();
            self.text.push_str(value);
        }
        Ok(Kind::Text)
    }

    fn serialize_none(self) -> Result<Kind, fmt::Error> {
        Ok(Kind::Other)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Kind, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Kind, fmt::Error> {
        Ok(Kind::Other)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Kind, fmt::Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Kind, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Kind, fmt::Error> {
        let mut object = Object::new(self);
        object.key(variant);
        object.value(value)?;
        object.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w, 'f>, fmt::Error> {
        self.keep = false;
        Ok(List(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w, 'f>, fmt::Error> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'w, 'f>, fmt::Error> {
        self.serialize_seq(None)
    }

    /// No event has one; if one gets one, reading fails rather than overlooks it.
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'w, 'f>, fmt::Error> {
        Ok(Object::new(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'w, 'f>, fmt::Error> {
        Ok(Object::new(self))
    }

    /// Written as an object in an object of one key, which is no reference.
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Object<'w, 'f>, fmt::Error> {
        Ok(Object::new(self))
    }
}

macro_rules! lists {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for List<'_, '_> {
            type Ok = Kind;
            type Error = fmt::Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
                value.serialize(&mut *self.0).map(drop)
            }

            fn end(self) -> Result<Kind, fmt::Error> {
                Ok(Kind::Other)
            }
        })*
    };
}

lists!(SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field);

impl ser::SerializeMap for Object<'_, '_> {
    type Ok = Kind;
    type Error = fmt::Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), fmt::Error> {
        // A map's key is known as a value only: it is kept as a text is.
        let before = std::mem::take(&mut self.walk.text);
        self.walk.keep = true;
        key.serialize(&mut *self.walk)?;
        self.walk.keep = false;
        let key = std::mem::replace(&mut self.walk.text, before);
        self.key(&key);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.value(value)
    }

    fn end(self) -> Result<Kind, fmt::Error> {
        self.close()
    }
}

macro_rules! objects {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Object<'_, '_> {
            type Ok = Kind;
            type Error = fmt::Error;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), fmt::Error> {
                self.key(key);
                self.value(value)
            }

            fn end(self) -> Result<Kind, fmt::Error> {
                self.close()
            }
        })*
    };
}

objects!(SerializeStruct, SerializeStructVariant);
