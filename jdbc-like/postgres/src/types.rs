//! Types of the server: what they are called here, and how their values are read.

use std::collections::HashMap;

use batis_dbc::SqlType;
use postgres_types::{Kind, Type};

/// How the values of a column are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decoder {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Text,
    Json,
    Jsonb,
    Bytes,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    /// Its text is made when the row comes.
    Written(Type),
    Numeric,
    Array,
    /// Pairs of texts, of the extension of this name.
    Hstore,
    /// Not a type that every server has, and the catalog was not asked: text if it surely is, an array or a row if it is one, else bytes.
    Foreign,
    /// A type whose binary form nobody here can read: bytes.
    Opaque,
}

impl Decoder {
    /// Whether its values are made when the row comes, instead of being borrowed from it.
    pub(crate) fn makes(&self) -> bool {
        matches!(self, Self::Written(_) | Self::Numeric | Self::Array | Self::Hstore | Self::Foreign)
    }
}

/// The decoder for a type by its number.
pub(crate) fn decoder(oid: u32) -> Decoder {
    let Some(ty) = Type::from_oid(oid) else { return Decoder::Foreign };
    match ty {
        Type::BOOL => Decoder::Bool,
        Type::INT2 => Decoder::Int2,
        Type::INT4 => Decoder::Int4,
        Type::INT8 => Decoder::Int8,
        Type::OID
        | Type::XID
        | Type::CID
        | Type::REGPROC
        | Type::REGPROCEDURE
        | Type::REGOPER
        | Type::REGOPERATOR
        | Type::REGCLASS
        | Type::REGTYPE
        | Type::REGCONFIG
        | Type::REGDICTIONARY
        | Type::REGNAMESPACE
        | Type::REGROLE
        | Type::REGCOLLATION => Decoder::Oid,
        Type::FLOAT4 => Decoder::Float4,
        Type::FLOAT8 => Decoder::Float8,
        Type::NUMERIC => Decoder::Numeric,
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::UNKNOWN
        | Type::CSTRING
        | Type::XML
        | Type::REFCURSOR
        | Type::VOID
        | Type::PG_NODE_TREE => Decoder::Text,
        Type::JSON => Decoder::Json,
        Type::JSONB => Decoder::Jsonb,
        Type::BYTEA => Decoder::Bytes,
        Type::UUID => Decoder::Uuid,
        Type::DATE => Decoder::Date,
        Type::TIME => Decoder::Time,
        Type::TIMESTAMP => Decoder::Timestamp,
        Type::TIMESTAMPTZ => Decoder::TimestampTz,
        Type::INTERVAL => Decoder::Interval,
        Type::INT2_VECTOR | Type::OID_VECTOR => Decoder::Array,
        _ => match ty.kind() {
            Kind::Array(_) => Decoder::Array,
            _ => Decoder::Written(ty),
        },
    }
}

/// How the types are read that not every server has, as far as the catalog was asked.
#[derive(Debug, Default, Clone)]
pub(crate) struct TypeMap(HashMap<u32, Decoder>);

impl TypeMap {
    /// The decoder for a type by its number.
    #[inline]
    pub(crate) fn decoder(&self, oid: u32) -> Decoder {
        match decoder(oid) {
            Decoder::Foreign => self.0.get(&oid).cloned().unwrap_or(Decoder::Foreign),
            known => known,
        }
    }

    pub(crate) fn learn(&mut self, oid: u32, decoder: Decoder) {
        self.0.insert(oid, decoder);
    }

    pub(crate) fn knows(&self, oid: u32) -> bool {
        self.decoder(oid) != Decoder::Foreign
    }
}

/// The type by the names that all drivers share.
pub(crate) fn sql_type(oid: u32) -> SqlType {
    sql_type_of(&decoder(oid))
}

/// The same, of what the values are read by.
pub(crate) fn sql_type_of(decoder: &Decoder) -> SqlType {
    match *decoder {
        Decoder::Bool => SqlType::Boolean,
        Decoder::Int2 => SqlType::SmallInt,
        Decoder::Int4 => SqlType::Integer,
        Decoder::Int8 | Decoder::Oid => SqlType::BigInt,
        Decoder::Float4 => SqlType::Real,
        Decoder::Float8 => SqlType::Double,
        Decoder::Text => SqlType::Text,
        Decoder::Json | Decoder::Jsonb => SqlType::Json,
        Decoder::Bytes => SqlType::Binary,
        Decoder::Uuid => SqlType::Uuid,
        Decoder::Date => SqlType::Date,
        Decoder::Time => SqlType::Time,
        Decoder::Timestamp => SqlType::Timestamp,
        Decoder::TimestampTz => SqlType::TimestampTz,
        Decoder::Interval => SqlType::Interval,
        Decoder::Numeric => SqlType::Numeric,
        Decoder::Array => SqlType::Array,
        Decoder::Written(Type::MONEY) => SqlType::Numeric,
        Decoder::Written(Type::CHAR) => SqlType::Text,
        Decoder::Written(_) | Decoder::Hstore | Decoder::Foreign | Decoder::Opaque => SqlType::Other,
    }
}

/// The server's name of a type that every server has; empty for others.
pub(crate) fn name(oid: u32) -> String {
    Type::from_oid(oid).map(|ty| ty.name().to_owned()).unwrap_or_default()
}
