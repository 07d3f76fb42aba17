//! What passes between a block on a terminal and whoever looks at it.

/// How large a terminal is, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// What comes from whoever sits at a block's terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Keys, as their terminal sends them.
    Keys(Vec<u8>),
    /// The window is this large from now on.
    Resized(Size),
}

/// What a block's terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display<'a> {
    /// Bytes that something wrote to it.
    Bytes(&'a [u8]),
    /// It is this large from now on.
    Size(Size),
}
