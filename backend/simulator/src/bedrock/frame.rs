//! AWS event-stream frames: two lengths and a checksum of them, headers, payload, a checksum of everything. All numbers
//! are big-endian.

/// A header whose value is a string, which is the only kind that Bedrock sends.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

const STRING: u8 = 7;
/// Two lengths and two checksums.
const AROUND: usize = 16;

pub(super) fn frame(headers: &[Header<'_>], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(96);
    for Header { name, value } in headers {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(STRING);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let whole = AROUND + head.len() + payload.len();
    let mut out = Vec::with_capacity(whole);
    out.extend_from_slice(&(whole as u32).to_be_bytes());
    out.extend_from_slice(&(head.len() as u32).to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// CRC-32 as in Ethernet and gzip: reflected, polynomial 0x04C11DB7.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8))
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let (mut crc, mut bit) = (n as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors that AWS's libraries share.
    #[test]
    fn frames_are_those_of_the_published_vectors() {
        let hex = |headers: &[Header<'_>], payload: &str| hex::encode(frame(headers, payload.as_bytes()));
        assert_eq!(hex(&[], ""), "000000100000000005c248eb7d98c8ff");
        assert_eq!(hex(&[], "{'foo':'bar'}"), "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
        let json = Header { name: "content-type", value: "application/json" };
        let with_header = hex(&[json], "{'foo':'bar'}");
        assert!(with_header.starts_with("0000003d0000002007fd83960c"), "{with_header}");
        assert!(with_header.ends_with("8d9c08b1"), "{with_header}");
    }
}
