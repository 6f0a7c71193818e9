//! Log records in protobuf (opentelemetry/proto/logs/v1), read by hand: a few messages, and nothing more to depend on.

use super::record::{Record, bytes};
use serde_json::{Map, Number, Value};
use std::rc::Rc;

/// The code of `google.rpc.Status` for a request that cannot be read.
pub(super) const INVALID_ARGUMENT: u32 = 3;
/// Values lie in values no deeper than this.
const DEPTH_MAX: usize = 32;

/// One field of a message.
#[derive(Clone, Copy, Debug)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by number.
struct Fields<'a>(&'a [u8]);

type Read<T> = Result<T, String>;

fn cut() -> String {
    "the body is not whole protobuf".to_owned()
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Read<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => Field::Number(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| cut())?;
                let (held, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
                self.0 = rest;
                Field::Bytes(held)
            }
            5 => Field::Number(u64::from(u32::from_le_bytes(self.array()?))),
            _ => return Err("the body has a field of a kind that protobuf does not know".to_owned()),
        };
        Ok(Some((key >> 3, field)))
    }

    fn varint(&mut self) -> Read<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or_else(cut)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(cut())
    }

    fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (held, rest) = self.0.split_first_chunk::<N>().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*held)
    }
}

impl<'a> Field<'a> {
    fn bytes(self) -> Read<&'a [u8]> {
        match self {
            Self::Bytes(held) => Ok(held),
            Self::Number(_) => Err("the body has a number where a message was expected".to_owned()),
        }
    }

    fn text(self) -> Read<String> {
        let text = std::str::from_utf8(self.bytes()?)
            .map_err(|_| "the body has a text that is not UTF-8".to_owned())?;
        Ok(text.to_owned())
    }

    fn number(self) -> Read<u64> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Bytes(_) => Err("the body has a message where a number was expected".to_owned()),
        }
    }
}

/// Calls for each field of a message.
fn each<'a>(message: &'a [u8], mut take: impl FnMut(u64, Field<'a>) -> Read<()>) -> Read<()> {
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        take(number, field)?;
    }
    Ok(())
}

/// Reads an `ExportLogsServiceRequest` of at most `max` records.
pub(super) fn read(body: &[u8], max: usize) -> Read<Vec<Record>> {
    let mut records = Vec::new();
    each(body, |number, field| match number {
        1 => of_resource(field.bytes()?, max, &mut records),
        _ => Ok(()),
    })?;
    Ok(records)
}

fn of_resource(message: &[u8], max: usize, records: &mut Vec<Record>) -> Read<()> {
    let (mut resource, mut scopes) = (Map::new(), Vec::new());
    each(message, |number, field| {
        match number {
            1 => each(field.bytes()?, |number, field| match number {
                1 => attribute(field.bytes()?, 0, &mut resource),
                _ => Ok(()),
            })?,
            2 => scopes.push(field.bytes()?),
            _ => {}
        }
        Ok(())
    })?;
    let resource = Rc::new(resource);
    for scope in scopes {
        of_scope(scope, &resource, max, records)?;
    }
    Ok(())
}

fn of_scope(
    message: &[u8],
    resource: &Rc<Map<String, Value>>,
    max: usize,
    records: &mut Vec<Record>,
) -> Read<()> {
    let (mut name, mut found) = (String::new(), Vec::new());
    each(message, |number, field| {
        match number {
            1 => each(field.bytes()?, |number, field| {
                if number == 1 {
                    name = field.text()?;
                }
                Ok(())
            })?,
            2 => found.push(field.bytes()?),
            _ => {}
        }
        Ok(())
    })?;
    let scope: Rc<str> = name.into();
    if records.len() + found.len() > max {
        return Err(format!("one request takes at most {max} records"));
    }
    for message in found {
        records.push(Record { resource: resource.clone(), scope: scope.clone(), ..record(message)? });
    }
    Ok(())
}

fn record(message: &[u8]) -> Read<Record> {
    let mut record = Record::default();
    each(message, |number, field| {
        match number {
            1 => record.time = field.number()?,
            2 => record.severity = field.number()?.cast_signed(),
            3 => record.severity_text = field.text()?,
            5 => record.body = any(field.bytes()?, 0)?,
            6 => attribute(field.bytes()?, 0, &mut record.attributes)?,
            8 => record.flags = field.number()? as u32,
            9 => record.trace_id = crate::hex::hex(field.bytes()?),
            10 => record.span_id = crate::hex::hex(field.bytes()?),
            11 => record.observed = field.number()?,
            12 => record.event_name = field.text()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(record)
}

fn attribute(message: &[u8], depth: usize, into: &mut Map<String, Value>) -> Read<()> {
    let (mut name, mut value) = (String::new(), Value::Null);
    each(message, |number, field| {
        match number {
            1 => name = field.text()?,
            2 => value = any(field.bytes()?, depth)?,
            _ => {}
        }
        Ok(())
    })?;
    into.insert(name, value);
    Ok(())
}

fn any(message: &[u8], depth: usize) -> Read<Value> {
    if depth > DEPTH_MAX {
        return Err(format!("the body has values more than {DEPTH_MAX} deep"));
    }
    let mut value = Value::Null;
    each(message, |number, field| {
        value = match number {
            1 => field.text()?.into(),
            2 => (field.number()? != 0).into(),
            3 => field.number()?.cast_signed().into(),
            4 => Number::from_f64(f64::from_bits(field.number()?)).map_or(Value::Null, Value::Number),
            5 => {
                let mut items = Vec::new();
                each(field.bytes()?, |number, field| {
                    if number == 1 {
                        items.push(any(field.bytes()?, depth + 1)?);
                    }
                    Ok(())
                })?;
                items.into()
            }
            6 => {
                let mut members = Map::new();
                each(field.bytes()?, |number, field| match number {
                    1 => attribute(field.bytes()?, depth + 1, &mut members),
                    _ => Ok(()),
                })?;
                members.into()
            }
            7 => bytes(field.bytes()?),
            _ => return Ok(()),
        };
        Ok(())
    })?;
    Ok(value)
}

/// An `ExportLogsServiceResponse` that tells of records that were not taken.
pub(super) fn partial_success(rejected: u64, why: &str) -> Vec<u8> {
    let mut inner = vec![1 << 3];
    push_varint(rejected, &mut inner);
    push_bytes(2, why.as_bytes(), &mut inner);
    let mut out = Vec::new();
    push_bytes(1, &inner, &mut out);
    out
}

/// A `google.rpc.Status`.
pub(super) fn status(why: &str) -> Vec<u8> {
    let mut out = vec![1 << 3];
    push_varint(u64::from(INVALID_ARGUMENT), &mut out);
    push_bytes(2, why.as_bytes(), &mut out);
    out
}

fn push_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn push_bytes(field: u8, held: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    push_varint(held.len() as u64, out);
    out.extend_from_slice(held);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(field: u8, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        push_bytes(field, inner, &mut out);
        out
    }

    fn text_attribute(field: u8, key: &str, value: &str) -> Vec<u8> {
        message(field, &[message(1, key.as_bytes()), message(2, &message(1, value.as_bytes()))].concat())
    }

    fn request() -> Vec<u8> {
        let record = [
            [vec![1 << 3 | 1], 1_763_752_620_123_000_000_u64.to_le_bytes().to_vec()].concat(),
            vec![2 << 3, 9],
            message(5, &message(1, b"Ada")),
            text_attribute(6, "actor.id", "u_7"),
            message(6, &[message(1, b"n"), message(2, &[3 << 3, 7])].concat()),
            message(9, &[0x5b; 16]),
            message(12, b"role.updated"),
            // A field of the future.
            message(99, b"?"),
        ];
        let scope = [message(1, &message(1, b"x")), message(2, &record.concat())].concat();
        let resource = [message(1, &text_attribute(1, "service.name", "crm")), message(2, &scope)].concat();
        message(1, &resource)
    }

    #[test]
    fn a_request_is_read_field_by_field() {
        let records = read(&request(), 10).expect("reads");
        let record = &records[0];
        assert_eq!((record.time, record.severity, &*record.scope), (1_763_752_620_123_000_000, 9, "x"));
        assert_eq!((record.event_name.as_str(), &record.body), ("role.updated", &json!("Ada")));
        assert_eq!(Value::Object(record.attributes.clone()), json!({"actor.id":"u_7","n":7}));
        assert_eq!(record.trace_id, "5b".repeat(16));
        assert_eq!(Value::Object((*record.resource).clone()), json!({"service.name":"crm"}));
        assert_eq!(read(&[], 10), Ok(vec![]));
        assert!(read(&request(), 0).is_err());
    }

    #[test]
    fn whatever_is_cut_or_bent_is_refused_and_nothing_worse() {
        let request = request();
        assert!(
            (1..request.len()).all(|end| read(&request[..end], 10).is_err()),
            "each is cut within a message"
        );
        for at in 0..request.len() {
            for bit in 0..8 {
                let mut bent = request.clone();
                bent[at] ^= 1 << bit;
                let _whatever = read(&bent, 10);
            }
        }
        let mut deep = message(1, b"x");
        for _ in 0..100 {
            deep = message(5, &message(1, &deep));
        }
        let record = message(5, &deep);
        assert!(read(&message(1, &message(2, &message(2, &record))), 10).is_err());
    }

    #[test]
    fn answers_are_spelled_as_the_specification_says() {
        assert_eq!(partial_success(300, "no"), [0x0a, 7, 0x08, 0xac, 0x02, 0x12, 2, b'n', b'o']);
        assert_eq!(status("no"), [0x08, 3, 0x12, 2, b'n', b'o']);
    }
}
