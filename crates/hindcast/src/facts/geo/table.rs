//! The country table that comes with the program: which country the network of an address is registered in.
//!
//! Public data, packed by `examples/country_table.rs`; `data/README.md` says where it is from. It knows countries and nothing
//! else, and is right for about 93 of 100 addresses (`docs/decisions/0013-facts-on-arrival.md`), so what comes of it is shown as
//! approximate everywhere.

use super::Country;
use std::io;
use std::net::IpAddr;
use std::sync::LazyLock;

const PACKED: &[u8] = include_bytes!("../../../data/countries.bin");
const MAGIC: &[u8; 4] = b"HCC1";
/// The table unpacked takes no more than this.
const UNPACKED_BYTES_MAX: usize = 16 << 20;
/// A network of IPv6 is told by its first 64 bits; what is smaller belongs to one line.
const V6_BITS: u32 = 64;

/// Ranges of addresses and their countries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// When the data was put together, in seconds since 1970.
    pub built: u32,
    /// The first is for ranges of which nothing is known.
    codes: Vec<Country>,
    v4: Ranges<u32>,
    v6: Ranges<u64>,
}

/// Ascending starts; each range ends where the next begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ranges<T> {
    starts: Vec<T>,
    codes: Vec<u8>,
}

impl<T: Ord + Copy> Ranges<T> {
    fn find(&self, at: T) -> u8 {
        let next = self.starts.partition_point(|start| *start <= at);
        next.checked_sub(1).map_or(0, |at| self.codes[at])
    }

    fn push(&mut self, start: T, code: u8) {
        if self.codes.last() == Some(&code) {
            return;
        }
        if self.starts.last() == Some(&start) {
            self.codes.pop();
            self.starts.pop();
        }
        self.starts.push(start);
        self.codes.push(code);
    }
}

impl Table {
    /// The table of this program, unpacked when somebody first asks.
    pub fn builtin() -> Option<&'static Self> {
        static TABLE: LazyLock<Option<Table>> = LazyLock::new(|| {
            let table = Table::unpack(PACKED);
            table.inspect_err(|error| tracing::error!(%error, "there is no country table")).ok()
        });
        TABLE.as_ref()
    }

    /// A table of ranges that ascend and do not overlap: first and last address, and the country.
    pub fn of(built: u32, ranges: impl IntoIterator<Item = (IpAddr, IpAddr, Country)>) -> Self {
        let mut table = Self { built, codes: vec![Country::default()], ..Self::default() };
        for (first, last, country) in ranges {
            let code = table.code(country);
            match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    table.v4.push(first.to_bits(), code);
                    if let Some(next) = last.to_bits().checked_add(1) {
                        table.v4.push(next, 0);
                    }
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    table.v6.push((first.to_bits() >> V6_BITS) as u64, code);
                    if let Some(next) = ((last.to_bits() >> V6_BITS) as u64).checked_add(1) {
                        table.v6.push(next, 0);
                    }
                }
                _ => {}
            }
        }
        table
    }

    fn code(&mut self, country: Country) -> u8 {
        let known = self.codes.iter().position(|known| *known == country);
        let at = known.unwrap_or_else(|| {
            self.codes.push(country);
            self.codes.len() - 1
        });
        // There are fewer countries than that; one too many would be unknown.
        u8::try_from(at).unwrap_or(0)
    }

    /// The country of an address, if the table has it.
    pub fn find(&self, address: IpAddr) -> Option<Country> {
        let code = match address.to_canonical() {
            IpAddr::V4(address) => self.v4.find(address.to_bits()),
            IpAddr::V6(address) => self.v6.find((address.to_bits() >> V6_BITS) as u64),
        };
        if code == 0 { None } else { self.codes.get(usize::from(code)).copied() }
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.v4.starts.len() + self.v6.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table as it lies in the program: one zstd frame.
    pub fn pack(&self) -> io::Result<Vec<u8>> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.built.to_be_bytes());
        out.push(u8::try_from(self.codes.len()).map_err(io::Error::other)?);
        self.codes.iter().for_each(|country| out.extend_from_slice(&country.0));
        pack(
            &self.v4.starts.iter().map(|start| u64::from(*start)).collect::<Vec<_>>(),
            &self.v4.codes,
            &mut out,
        );
        pack(&self.v6.starts, &self.v6.codes, &mut out);
        zstd::bulk::compress(&out, 19)
    }

    /// Reads [`Self::pack`] back.
    pub fn unpack(packed: &[u8]) -> io::Result<Self> {
        let bytes = zstd::bulk::decompress(packed, UNPACKED_BYTES_MAX)?;
        read(&bytes).ok_or_else(|| io::Error::other("the country table cannot be read"))
    }
}

fn read(bytes: &[u8]) -> Option<Table> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (built, rest) = rest.split_first_chunk::<4>()?;
    let (count, rest) = rest.split_first()?;
    let (codes, mut rest) = rest.split_at_checked(2 * usize::from(*count))?;
    let codes = codes.as_chunks::<2>().0.iter().map(|code| Country(*code)).collect();
    let v4 = unpack(&mut rest)?;
    let starts = v4.starts.iter().map(|start| u32::try_from(*start)).collect::<Result<_, _>>().ok()?;
    let v6 = unpack(&mut rest)?;
    Some(Table { built: u32::from_be_bytes(*built), codes, v4: Ranges { starts, codes: v4.codes }, v6 })
}

/// How many, then the steps from each start to the next, seven bits a byte, then the countries.
fn pack(starts: &[u64], codes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(starts.len() as u32).to_be_bytes());
    let mut before = 0;
    for start in starts {
        let mut step = start - before;
        before = *start;
        while step >= 0x80 {
            out.push(step as u8 | 0x80);
            step >>= 7;
        }
        out.push(step as u8);
    }
    out.extend_from_slice(codes);
}

fn unpack(bytes: &mut &[u8]) -> Option<Ranges<u64>> {
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    let count = u32::from_be_bytes(*count) as usize;
    let mut starts = Vec::with_capacity(count.min(rest.len()));
    let mut at = 0_u64;
    for _ in 0..count {
        let (mut step, mut shift) = (0_u64, 0);
        loop {
            let (byte, after) = rest.split_first()?;
            rest = after;
            step |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if *byte < 0x80 {
                break;
            }
        }
        at = at.checked_add(step)?;
        starts.push(at);
    }
    let (codes, rest) = rest.split_at_checked(count)?;
    *bytes = rest;
    Some(Ranges { starts, codes: codes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_table_is_read_back_and_finds_its_ranges() {
        let range = |first: &str, last: &str, code: &[u8; 2]| (ip(first), ip(last), Country(*code));
        let table = Table::of(
            1_750_000_000,
            [
                range("1.0.0.0", "1.0.0.255", b"AU"),
                range("1.0.1.0", "1.0.3.255", b"CN"),
                range("9.0.0.0", "255.255.255.255", b"US"),
                range("2001:200::", "2001:200:ffff:ffff:ffff:ffff:ffff:ffff", b"JP"),
            ],
        );
        let table = Table::unpack(&table.pack().expect("packed")).expect("read");
        for (address, country) in [
            ("0.255.255.255", None),
            ("1.0.0.0", Some(b"AU")),
            ("1.0.0.255", Some(b"AU")),
            ("1.0.1.0", Some(b"CN")),
            ("1.0.4.0", None),
            ("255.255.255.255", Some(b"US")),
            ("::ffff:1.0.0.7", Some(b"AU")),
            ("2001:200::1", Some(b"JP")),
            ("2001:201::1", None),
        ] {
            assert_eq!(table.find(ip(address)), country.map(|code| Country(*code)), "{address}");
        }
        assert!(Table::unpack(b"nothing of the kind").is_err());
    }

    #[test]
    fn the_table_of_the_program_knows_the_world() {
        let table = Table::builtin().expect("there");
        assert!(table.len() > 300_000 && table.built > 1_700_000_000);
        assert!(PACKED.len() < 3 << 20, "{} bytes", PACKED.len());
        for (address, code) in
            [("133.11.0.1", b"JP"), ("193.0.0.1", b"NL"), ("200.160.2.3", b"BR"), ("80.67.169.12", b"FR")]
        {
            assert_eq!(table.find(ip(address)), Some(Country(*code)), "{address}");
        }
        assert_eq!(table.find(ip("10.1.2.3")), None);
    }
}
