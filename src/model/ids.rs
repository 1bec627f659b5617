//! Enums whose members have stable ids in exports, rules and `phonehome.toml`.

/// Makes an enum, the list of its members and their ids from one table, so that no list can miss a member: a saved report with
/// an id that the list lacks could not be read.
macro_rules! ids {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $id:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $member,)* }

        impl $name {
            /// All, in their order.
            pub const ALL: [Self; [$($id),*].len()] = [$(Self::$member,)*];

            /// Stable id.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$member => $id,)* }
            }

            /// The member of that id.
            pub fn from_id(id: &str) -> Option<Self> {
                match id {
                    $($id => Some(Self::$member),)*
                    _ => None,
                }
            }
        }
    };
}
