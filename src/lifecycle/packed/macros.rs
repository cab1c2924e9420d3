//! Macros that implement [`Pack`](crate::lifecycle::packed::Pack) for structs and enums.

/// Implements [`Pack`] for a struct, field by field. A field that is not listed is a compile error.
macro_rules! packed_struct {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                let Self { $($field),+ } = self;
                $($crate::lifecycle::packed::Pack::pack($field, to);)+
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                $(let $field = $crate::lifecycle::packed::Pack::unpack(from);)+
                Self { $($field),+ }
            }
        }
    };
}

/// Declares an enum without data together with `ALL`, the array of its variants, and implements [`Pack`] for it. A
/// variant is packed as its position in `ALL`.
macro_rules! packed_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $type:ident { $($(#[$variant_meta:meta])* $variant:ident),+ $(,)? }
    ) => {
        $(#[$meta])*
        $vis enum $type { $($(#[$variant_meta])* $variant),+ }

        impl $type {
            /// All variants, in declaration order.
            $vis const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }

        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                to.write_byte(*self as u8);
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                $crate::lifecycle::packed::variant_at(&Self::ALL, from.read_byte(), stringify!($type))
            }
        }
    };
}

/// Implements [`Pack`] for an enum without data that another module declares. A variant that is not listed is a compile
/// error.
macro_rules! pack_foreign_enum {
    ($type:ident { $($variant:ident = $byte:literal),+ $(,)? }) => {
        impl $crate::lifecycle::packed::Pack for $type {
            fn pack(&self, to: &mut $crate::lifecycle::packed::Packer<'_>) {
                to.write_byte(match self { $(Self::$variant => $byte),+ });
            }

            fn unpack(from: &mut $crate::lifecycle::packed::Unpacker<'_>) -> Self {
                match from.read_byte() {
                    $($byte => Self::$variant,)+
                    byte => $crate::lifecycle::packed::panic_unknown(stringify!($type), byte.into()),
                }
            }
        }
    };
}

pub(crate) use {pack_foreign_enum, packed_enum, packed_struct};
