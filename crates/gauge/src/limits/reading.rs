//! A file read once; a document through pulldown-cmark and nothing else.

use std::fs::{self, File};
use std::io::{self, Read as _};

use pulldown_cmark::{Options, Parser};

/// Reads a file once.
pub(crate) fn read(path: &str) -> io::Result<()> {
    let mut file = File::open(path)?;
    let (mut piece, mut bytes) = (vec![0; 1 << 20], 0);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => bytes += read,
        }
    }
    println!("{bytes}");
    Ok(())
}

/// Parses a document with the extensions that run-books are read with.
pub(crate) fn markdown(path: &str) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;
    println!("{}", Parser::new_ext(&text, options).into_offset_iter().count());
    Ok(())
}
