//! The memory as bytes, for the file it is kept in: numbers in a row, little end first, lists with their length before them.

use super::super::geo::Country;
use super::super::travel::Spot;
use super::Memory;
use super::actor::{Actor, Days, Met, Recent};
use std::sync::Arc;

const MAGIC: &[u8; 4] = b"HCM1";

impl Memory {
    /// The memory as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(MAGIC.to_vec());
        out.u64(self.next);
        out.list(self.hosts.iter(), |out, host| out.u64(*host));
        out.list(self.actors.iter(), |out, (hash, actor)| {
            out.u64(*hash);
            out.actor(actor);
        });
        out.0
    }

    /// Reads [`Self::to_bytes`] back; nothing when it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes.strip_prefix(MAGIC)?);
        let next = from.u64()?;
        let hosts = from.list(In::u64)?.into_iter().collect();
        let actors = from.list(|from| Some((from.u64()?, Arc::new(from.actor()?))))?.into_iter().collect();
        from.0.is_empty().then_some(Self { next, actors, hosts })
    }
}

struct Out(Vec<u8>);

impl Out {
    fn u16(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        // Every list has a limit far below.
        self.u32(items.len() as u32);
        items.for_each(|item| write(self, item));
    }

    fn met(&mut self, met: &[Met]) {
        self.list(met.iter(), |out, met| {
            out.u32(met.hash);
            out.u16(met.day);
        });
    }

    fn actor(&mut self, actor: &Actor) {
        for number in [actor.first, actor.newest, actor.newest_good, actor.good, actor.impersonates] {
            self.u32(number);
        }
        self.list(actor.recent.iter(), |out, recent| {
            [recent.at, recent.action, recent.target].into_iter().for_each(|number| out.u32(number));
        });
        self.met(&actor.addresses);
        self.met(&actor.agents);
        self.met(&actor.countries);
        self.list(actor.hours.iter(), |out, (hour, count)| {
            out.u32(*hour);
            out.u32(*count);
        });
        self.list(actor.days.iter(), |out, days| {
            out.u32(days.action);
            out.u16(days.last);
            days.counts.iter().for_each(|count| out.u16(*count));
        });
        self.list(actor.signed_in.iter(), |out, spot| {
            out.0.extend_from_slice(&spot.country.0);
            out.u32(spot.at);
            let point = spot.point.unwrap_or((f32::NAN, f32::NAN));
            out.u32(point.0.to_bits());
            out.u32(point.1.to_bits());
        });
    }
}

struct In<'b>(&'b [u8]);

impl In<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.bytes().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.u32()? as usize;
        // No item is smaller than four bytes, so a wrong number asks for no more memory than there are bytes.
        let mut items = Vec::with_capacity(count.min(self.0.len() / 4));
        for _ in 0..count {
            items.push(read(self)?);
        }
        Some(items)
    }

    fn met(&mut self) -> Option<Vec<Met>> {
        self.list(|from| Some(Met { hash: from.u32()?, day: from.u16()? }))
    }

    fn actor(&mut self) -> Option<Actor> {
        let [first, newest, newest_good, good, impersonates] =
            [self.u32()?, self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        Some(Actor {
            first,
            newest,
            newest_good,
            good,
            impersonates,
            recent: self
                .list(|from| Some(Recent { at: from.u32()?, action: from.u32()?, target: from.u32()? }))?
                .into(),
            addresses: self.met()?,
            agents: self.met()?,
            countries: self.met()?,
            hours: self.list(|from| Some((from.u32()?, from.u32()?)))?.into(),
            days: self.list(|from| {
                let mut days = Days { action: from.u32()?, last: from.u16()?, counts: [0; 31] };
                for count in &mut days.counts {
                    *count = from.u16()?;
                }
                Some(days)
            })?,
            signed_in: self.list(In::spot)?.pop(),
        })
    }

    fn spot(&mut self) -> Option<Spot> {
        let (country, at) = (Country(self.bytes()?), self.u32()?);
        let point = (f32::from_bits(self.u32()?), f32::from_bits(self.u32()?));
        Some(Spot { country, at, point: Some(point).filter(|(lat, lon)| !lat.is_nan() && !lon.is_nan()) })
    }
}
