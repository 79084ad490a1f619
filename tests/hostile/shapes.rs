//! Messages of a type with values that nobody means, and bytes that are no message.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use testkit::Draw;

/// How deep messages are nested that keep to their type.
const DEPTH: u32 = 4;
/// One deeper than prost reads.
const TOO_DEEP: usize = 120;

/// Text that trips those who trust it.
const TEXTS: [&str; 24] = [
    "",
    " ",
    "\0",
    "a\0b",
    "Nguyễn Thị Thử",
    "Nguye\u{302}\u{303}n Thi\u{323}",
    "\u{202e}tối\u{202c}",
    "\u{200b}\u{feff}",
    "\u{10ffff}",
    "'; DROP TABLE dossier; --",
    "%_\\%",
    "units/18583",
    "units/",
    "units/18583/../42",
    "dossiers/00000000-0000-0000-0000-000000000000",
    "dossiers/ffffffff-ffff-ffff-ffff-ffffffffffff",
    "cases/tt-0001",
    "people/00000000-0000-7000-8000-000000000000",
    "codes/H27.TAM.18583-261126-0001",
    "0",
    "-1",
    "99999999999999999999999",
    "2026-02-30",
    "../../etc/passwd",
];

const NUMBERS: [i64; 12] = [
    0,
    1,
    -1,
    2,
    255,
    1 << 31,
    -(1 << 31),
    (1 << 31) - 1,
    i64::MAX,
    i64::MIN,
    253_402_300_800,
    -62_135_596_801,
];

/// The bytes of a request: mostly a message of the type, sometimes broken.
pub(crate) fn bytes(draw: &mut Draw, of: &MessageDescriptor) -> Vec<u8> {
    use prost::Message as _;
    let mut bytes = message(draw, of, DEPTH).encode_to_vec();
    match draw.below(12) {
        // A bit is turned.
        0 if !bytes.is_empty() => {
            let at = usize::try_from(draw.below(bytes.len() as u64)).unwrap();
            bytes[at] ^= 1 << draw.below(8);
        }
        // The end is missing.
        1 => bytes.truncate(bytes.len() / 2),
        // A field that nobody knows, and one whose length is a lie.
        2 => bytes.extend([0xfa, 0xff, 0x7f, 0x03, b'a', b'b', b'c']),
        3 => bytes.extend([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]),
        // Groups without an end, a varint of eleven bytes.
        4 => bytes.extend([0x0b; TOO_DEEP]),
        5 => bytes.extend([0xff; 11]),
        // Text that is no UTF-8, where the first field is one.
        6 => bytes.extend([0x0a, 0x02, 0xc3, 0x28]),
        // Only noise.
        7 => {
            let many = draw.below(200);
            bytes = (0..many).map(|_| draw.any().to_le_bytes()[0]).collect();
        }
        _ => {}
    }
    bytes
}

fn message(draw: &mut Draw, of: &MessageDescriptor, depth: u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        if draw.once_in(4) {
            continue;
        }
        if let Some(value) = field_value(draw, &field, depth) {
            message.set_field(&field, value);
        }
    }
    message
}

fn field_value(draw: &mut Draw, field: &FieldDescriptor, depth: u32) -> Option<Value> {
    if field.is_map() {
        let entry = field.kind().as_message()?.map_entry_value_field();
        let value = one(draw, &entry, depth)?;
        return Some(Value::Map([(MapKey::String(text(draw)), value)].into()));
    }
    if field.is_list() {
        let many = *draw.of(&[0, 1, 2, 2, 40]).unwrap();
        let values = (0..many).filter_map(|_| one(draw, field, depth.min(2)));
        return Some(Value::List(values.collect()));
    }
    one(draw, field, depth)
}

fn one(draw: &mut Draw, field: &FieldDescriptor, depth: u32) -> Option<Value> {
    let number = *draw.of(&NUMBERS).unwrap();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "any number will do"
    )]
    Some(match field.kind() {
        Kind::Double => Value::F64(
            *draw
                .of(&[0.0, f64::NAN, f64::INFINITY, number as f64])
                .unwrap(),
        ),
        Kind::Float => Value::F32(*draw.of(&[0.0, f32::NAN, f32::MIN]).unwrap()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number as u64),
        Kind::Bool => Value::Bool(draw.once_in(2)),
        Kind::String => Value::String(text(draw)),
        Kind::Bytes => Value::Bytes(text(draw).into_bytes().into()),
        Kind::Enum(of) => {
            let known: Vec<_> = of.values().map(|value| value.number()).collect();
            let number = if draw.once_in(3) {
                number as i32
            } else {
                *draw.of(&known).unwrap()
            };
            Value::EnumNumber(number)
        }
        Kind::Message(_) if depth == 0 => return None,
        Kind::Message(of) => Value::Message(message(draw, &of, depth - 1)),
    })
}

fn text(draw: &mut Draw) -> String {
    match draw.below(10) {
        0 => "ă".repeat(usize::try_from(draw.below(20_000)).unwrap()),
        1 | 2 => uuid::Uuid::from_u128(u128::from(draw.any())).to_string(),
        _ => (*draw.of(&TEXTS).unwrap()).to_owned(),
    }
}
