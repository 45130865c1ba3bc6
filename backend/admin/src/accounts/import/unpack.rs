//! From what was sent to the credentials in it. Nothing is written anywhere: names of files are only shown. How large
//! something is, is counted while it is read; what an archive says of itself is not believed.

use crate::error::ApiError;
use causeway_accounts::files::{self, Entry};
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};
use std::{collections::HashSet, io::Read};
use zeroize::Zeroizing;

/// The most files of an archive.
const FILES: usize = 1000;

/// The largest of them, in bytes.
const FILE: u64 = 512 * 1024;

/// All of them together.
const TOTAL: u64 = 32 * 1024 * 1024;

/// How many times as large as in the archive a file may be, from this size on. Texts of keys and tokens hardly shrink.
const RATIO: (u64, u64) = (100, 64 * 1024);

/// The most characters of a name that are shown.
const NAME: usize = 200;

/// How archives begin that are not opened inside of another.
const ARCHIVES: [&[u8]; 6] =
    [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ\0"];

/// A credential, or what is to be said of a file.
pub(super) struct Piece {
    /// The file's name, fit to be shown.
    pub(super) file: String,
    pub(super) entry: Entry,
}

/// What was found.
pub(super) struct Unpacked {
    /// How many files were looked at.
    pub(super) files: u32,
    pub(super) pieces: Vec<Piece>,
}

/// Unpacks what was sent.
pub(super) fn unpack(bytes: &[u8], name: &str) -> Result<Unpacked, ApiError> {
    let pieces = if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        archive(bytes)?
    } else if ARCHIVES.iter().any(|begins| bytes.starts_with(begins)) {
        return Err(refused(
            "this kind of archive is not read; send a ZIP archive or a JSON document".to_owned(),
        ));
    } else if bytes.len() as u64 > FILE {
        return Err(refused(too_large()));
    } else {
        vec![(name.to_owned(), files::read(bytes))]
    };
    let files = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    let pieces: Vec<_> = pieces
        .into_iter()
        .flat_map(|(file, entries)| entries.into_iter().map(move |entry| Piece { file: file.clone(), entry }))
        .collect();
    if pieces.len() > files::MOST + FILES {
        return Err(many());
    }
    let found = pieces.iter().filter(|piece| piece.entry.login.is_ok()).count();
    if found > files::MOST { Err(many()) } else { Ok(Unpacked { files, pieces }) }
}

/// Of all of it.
fn refused(why: impl Into<String>) -> ApiError {
    ApiError::field("file", why)
}

fn many() -> ApiError {
    refused(format!("there are more than {} credentials; import them in several files", files::MOST))
}

fn archive(bytes: &[u8]) -> Result<Vec<(String, Vec<Entry>)>, ApiError> {
    let broken = |error: rawzip::Error| {
        refused(format!("the archive cannot be read; it may be cut off or damaged ({error})"))
    };
    let archive = ZipArchive::from_slice(bytes).map_err(broken)?;
    let (mut files, mut names) = (Vec::new(), HashSet::new());
    let (mut total, mut seen) = (0, 0);
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(broken)? {
        seen += 1;
        if files.len() >= FILES {
            return Err(refused(format!("the archive has more than {FILES} files")));
        }
        if entry.is_dir() {
            continue;
        }
        let path = entry.file_path();
        let read = match content(&archive, &entry, &mut total)? {
            // Which of the two somebody has looked at who packed it, nobody knows.
            Ok(_) if !names.insert(path.as_ref().to_vec()) => {
                vec![Entry::unusable("has the name of another file in the archive; pack it anew")]
            }
            Ok(bytes) if ARCHIVES.iter().any(|begins| bytes.starts_with(begins)) => {
                vec![Entry::unusable("is an archive itself; what is inside of it is not looked at")]
            }
            Ok(bytes) => files::read(&bytes),
            Err(why) => vec![Entry::unusable(why)],
        };
        files.push((shown(&String::from_utf8_lossy(path.as_ref())), read));
    }
    if seen != archive.entries_hint() {
        let text = "the archive cannot be read: its directory has another number of files than it says";
        return Err(refused(text.to_owned()));
    }
    Ok(files)
}

/// What is in a file, or why that is not looked at; an error where there is too much altogether.
fn content(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    total: &mut u64,
) -> Result<Result<Zeroizing<Vec<u8>>, String>, ApiError> {
    if entry.flags().is_encrypted() {
        return Ok(Err("is encrypted; pack it without a password".to_owned()));
    }
    let Ok(file) = archive.get_entry(entry.wayfinder()) else { return Ok(Err(damaged())) };
    let packed = file.data();
    let mut bytes = Zeroizing::new(Vec::new());
    let read = match entry.compression_method() {
        CompressionMethod::STORE => file.verifying_reader(packed).take(FILE + 1).read_to_end(&mut bytes),
        CompressionMethod::DEFLATE => {
            let plain = DeflateDecoder::new(packed);
            file.verifying_reader(plain).take(FILE + 1).read_to_end(&mut bytes)
        }
        _ => return Ok(Err("is packed in an unusual way; pack it with deflate".to_owned())),
    };
    let size = bytes.len() as u64;
    *total += size;
    if *total > TOTAL {
        return Err(refused(format!(
            "the archive's files have more than {} MiB together",
            TOTAL / 1024 / 1024
        )));
    }
    if size > FILE {
        return Ok(Err(too_large()));
    }
    if size > RATIO.1 && size / (packed.len() as u64).max(1) > RATIO.0 {
        return Ok(Err(format!("is more than {} times as large as in the archive", RATIO.0)));
    }
    Ok(read.map(|_| bytes).map_err(|_| damaged()))
}

fn damaged() -> String {
    "is damaged: it does not unpack to what its checksum says".to_owned()
}

fn too_large() -> String {
    format!("is larger than {} KiB, which no credential file is", FILE / 1024)
}

/// A name as it can be shown: what it means to a file system means nothing here.
pub(super) fn shown(name: &str) -> String {
    let fit = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    name.chars().take(NAME).map(fit).collect()
}

#[cfg(test)]
mod tests;
