//! Archives as people pack them, and as nobody should.

use super::{FILE, FILES, RATIO, TOTAL, Unpacked, shown, unpack};
use crate::error::ApiError;
use flate2::{Compression, write::DeflateEncoder};
use rawzip::{CompressionMethod, ZipArchiveWriter, path::EntryPath};
use std::io::Write;

const KEY: &[u8] = br#"{"name":"a","provider":"anthropic","api_key":"sk-ant-1"}"#;

fn pack(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut output = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut output);
    for (name, content) in files {
        if name.ends_with('/') {
            archive.new_dir(*name).create().unwrap();
            continue;
        }
        let (mut entry, config) = archive
            .new_file(EntryPath::verbatim(name.as_bytes()))
            .compression_method(method)
            .start()
            .unwrap();
        let told = if method == CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        } else {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            writer.write_all(content).unwrap();
            let (encoder, told) = writer.finish().unwrap();
            encoder.finish().unwrap();
            told
        };
        entry.finish(told).unwrap();
    }
    archive.finish().unwrap();
    output
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    pack(CompressionMethod::DEFLATE, files)
}

/// Names with what is said of them: empty where there is a credential.
fn told(unpacked: &Unpacked) -> Vec<(&str, String)> {
    let problem = |piece: &super::Piece| piece.entry.login.as_ref().err().map(|bad| bad.problem.clone());
    unpacked.pieces.iter().map(|piece| (piece.file.as_str(), problem(piece).unwrap_or_default())).collect()
}

/// The words in which all of it is refused.
fn refused(bytes: &[u8]) -> String {
    match unpack(bytes, "x") {
        Err(ApiError::Invalid(mut errors)) => errors.remove(0).message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

/// Bytes that do not shrink.
fn noise(length: u64) -> Vec<u8> {
    let mut state = 1u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}

#[test]
fn a_document_and_an_archive_are_told_apart_by_what_they_begin_with() {
    let one = unpack(KEY, "key.zip").unwrap();
    assert_eq!((one.files, told(&one)), (1, vec![("key.zip", String::new())]));
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let two = unpack(&pack(method, &[("a.json", KEY), ("b/c.txt", KEY)]), "").unwrap();
        assert_eq!(two.files, 2);
        assert_eq!(told(&two), [("a.json", String::new()), ("b/c.txt", String::new())]);
    }
}

#[test]
fn directories_are_passed_over_and_other_files_reported() {
    let files: [(&str, &[u8]); 3] = [("ada/", b""), ("ada/README", b"read me"), ("ada/none", b"")];
    let unpacked = unpack(&packed(&files), "").unwrap();
    assert_eq!(unpacked.files, 2);
    assert!(told(&unpacked).iter().all(|(_, problem)| problem.starts_with("is not JSON")));
    assert_eq!(unpack(&packed(&[]), "").unwrap().files, 0);
}

#[test]
fn names_are_only_shown_whatever_they_say() {
    let files =
        [("../../etc/passwd", KEY), ("/root/.ssh/id", KEY), ("C:\\x", KEY), ("a\u{7}\u{1b}[2Jb", KEY)];
    let unpacked = unpack(&packed(&files), "").unwrap();
    let names: Vec<_> = told(&unpacked).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["../../etc/passwd", "/root/.ssh/id", "C:\\x", "a\u{fffd}\u{fffd}[2Jb"]);
    assert_eq!(shown(&"é".repeat(500)).chars().count(), 200);
}

#[test]
fn archives_inside_of_archives_are_not_opened() {
    let inner = packed(&[("a.json", KEY)]);
    let gzip = [b"\x1f\x8b\x08".as_slice(), &[0; 20]].concat();
    let unpacked = unpack(&packed(&[("inner.zip", &inner), ("x.gz", &gzip), ("a.json", KEY)]), "").unwrap();
    let told = told(&unpacked);
    assert!(told[0].1.contains("archive itself") && told[1].1.contains("archive itself"), "{told:?}");
    assert_eq!(told[2].1, "");
    assert!(refused(&gzip).contains("ZIP archive"));
}

#[test]
fn what_unpacks_to_too_much_is_refused_by_what_is_read_and_not_by_what_is_said() {
    let bomb = vec![b' '; usize::try_from(FILE).unwrap() + 1];
    let dense = vec![b' '; usize::try_from(RATIO.1).unwrap() + 1];
    let mut archive = packed(&[("bomb", &bomb), ("dense", &dense), ("a.json", KEY)]);
    let unpacked = unpack(&archive, "").unwrap();
    let reasons = told(&unpacked);
    assert!(reasons[0].1.contains("larger than 512 KiB"), "{reasons:?}");
    assert!(reasons[1].1.contains("100 times"), "{reasons:?}");
    assert_eq!(reasons[2].1, "", "the others are read all the same");

    // Every place in which the archive says how large the first one is says that it has one byte.
    let said = u32::try_from(bomb.len()).unwrap().to_le_bytes();
    let places: Vec<_> = (0..archive.len() - 4).filter(|at| archive[*at..*at + 4] == said).collect();
    assert!(places.len() >= 2, "{places:?}");
    for at in places {
        archive[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
    }
    let unpacked = unpack(&archive, "").unwrap();
    let reasons = told(&unpacked);
    assert!(reasons[0].1.contains("larger than 512 KiB") || reasons[0].1.contains("damaged"), "{reasons:?}");

    let much = noise(FILE);
    let enough = usize::try_from(TOTAL / FILE).unwrap() + 1;
    let names: Vec<_> = (0..enough).map(|n| n.to_string()).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), much.as_slice())).collect();
    assert!(refused(&pack(CompressionMethod::STORE, &all)).contains("32 MiB"));
}

#[test]
fn there_are_only_so_many_files_and_so_many_credentials() {
    let names: Vec<_> = (0..=FILES).map(|n| n.to_string()).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    assert!(refused(&packed(&all)).contains("1000 files"));
    let list = format!("[{}]", vec![std::str::from_utf8(KEY).unwrap(); 300].join(","));
    assert!(
        refused(&pack(CompressionMethod::STORE, &[("a", list.as_bytes()), ("b", list.as_bytes())]))
            .contains("500")
    );
    let long = [KEY, &vec![b' '; usize::try_from(FILE).unwrap()]].concat();
    assert!(refused(&long).contains("512 KiB"));
}

#[test]
fn two_files_of_one_name_are_refused_and_so_is_what_is_cut_off_or_damaged() {
    let mut twice = packed(&[("a.json", KEY), ("b.json", KEY)]);
    let places: Vec<_> = (0..twice.len() - 6).filter(|at| &twice[*at..*at + 6] == b"b.json").collect();
    assert_eq!(places.len(), 2, "in front of the file, and in the directory");
    for at in places {
        twice[at] = b'a';
    }
    let unpacked = unpack(&twice, "").unwrap();
    let reasons = told(&unpacked);
    assert!(reasons[0].1.is_empty() && reasons[1].1.contains("name of another file"), "{reasons:?}");

    let whole = packed(&[("a.json", KEY)]);
    for cut in [4, 20, whole.len() / 2, whole.len() - 1] {
        assert!(refused(&whole[..cut]).contains("cut off or damaged"), "{cut}");
    }
    let mut stored = pack(CompressionMethod::STORE, &[("a.json", KEY)]);
    let at = (0..stored.len()).find(|at| stored[*at..].starts_with(b"sk-ant")).unwrap();
    stored[at] = b'X';
    let unpacked = unpack(&stored, "").unwrap();
    assert!(told(&unpacked)[0].1.contains("damaged"), "{:?}", told(&unpacked));
}

#[test]
fn nothing_that_is_damaged_anywhere_makes_it_panic() {
    let whole = packed(&[("a.json", KEY), ("b/c.json", b"[]")]);
    for at in 0..whole.len() {
        for bit in [1, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= bit;
            let _ = unpack(&bytes, "x");
        }
    }
}
