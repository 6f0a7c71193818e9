//! Travel: how fast somebody would have been between two places of which mostly only the countries are known.
//!
//! A country is taken for a circle as large as its largest part, and the way is that between the two circles: nobody lives
//! in the middle of a country, and less than the true way is never too fast by mistake. Where a file of the operator
//! knows the city, it is a point. Countries that touch say nothing, for people live on both sides of borders.

use super::geo::Country;
use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../data/places.tsv");
const EARTH_KM: f32 = 6371.0;
/// Clocks differ and sign-ins are retried: less time than this between two places is taken for this.
const SECONDS_MIN: u32 = 60;

static WORLD: LazyLock<HashMap<Country, Land>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(land).collect()
});

/// A country as a circle.
#[derive(Clone, Debug, PartialEq)]
struct Land {
    middle: (f32, f32),
    radius_km: f32,
    neighbours: Vec<Country>,
}

fn land(line: &str) -> Option<(Country, Land)> {
    let mut fields = line.split('\t');
    let country = Country::parse(fields.next()?)?;
    let mut number = || fields.next()?.parse::<f32>().ok();
    let (middle, radius_km) = ((number()?, number()?), number()?);
    let neighbours = fields.next()?.split(' ').filter_map(Country::parse).collect();
    Some((country, Land { middle, radius_km, neighbours }))
}

/// Where somebody was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// The country.
    pub country: Country,
    /// Latitude and longitude, where they are known better than by the country.
    pub point: Option<(f32, f32)>,
    /// When, in seconds since 1970.
    pub at: u32,
}

/// What is known of a way between two countries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Whether the countries touch.
    pub is_neighbour: bool,
    /// How fast it was at least, in kilometres an hour; nothing between countries that touch or that we cannot place.
    pub kmh: Option<u32>,
}

/// The way from one spot to another; nothing within one country.
pub fn way(from: Spot, to: Spot) -> Option<Way> {
    if from.country == to.country {
        return None;
    }
    let is_neighbour = WORLD.get(&from.country).is_some_and(|land| land.neighbours.contains(&to.country));
    let kmh = if is_neighbour { None } else { speed(from, to) };
    (is_neighbour || kmh.is_some()).then_some(Way { is_neighbour, kmh })
}

fn speed(from: Spot, to: Spot) -> Option<u32> {
    let circle = |spot: Spot| match spot.point {
        Some(point) => Some((point, 0.0)),
        None => WORLD.get(&spot.country).map(|land| (land.middle, land.radius_km)),
    };
    let ((one, one_km), (other, other_km)) = (circle(from)?, circle(to)?);
    let way_km = (distance_km(one, other) - one_km - other_km).max(0.0);
    let seconds = from.at.abs_diff(to.at).max(SECONDS_MIN);
    Some((way_km * 3600.0 / seconds as f32).round() as u32)
}

/// Along the surface of a ball.
fn distance_km(from: (f32, f32), to: (f32, f32)) -> f32 {
    let (lat0, lat1) = (from.0.to_radians(), to.0.to_radians());
    let across = ((to.1 - from.1).to_radians() / 2.0).sin();
    let up = ((lat1 - lat0) / 2.0).sin();
    let chord = up * up + lat0.cos() * lat1.cos() * across * across;
    2.0 * EARTH_KM * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(country: &str, hours: f32) -> Spot {
        let country = Country::parse(country).expect("a country");
        Spot { country, point: None, at: 1_700_000_000 + (hours * 3600.0) as u32 }
    }

    #[test]
    fn the_way_between_two_countries_is_never_overstated() {
        // From Brazil to Japan it is 17,000 km by air, from one nearest point to the other about 13,000.
        for (from, to, hours, neighbour, least, most) in [
            ("BR", "JP", 1.0, false, 12_000, 17_500),
            ("BR", "JP", 24.0, false, 500, 750),
            ("GB", "US", 1.0, false, 4_000, 7_000),
            ("IE", "FR", 1.0, false, 100, 900),
            ("IS", "NO", 1.0, false, 700, 1_400),
        ] {
            let way = way(spot(from, 0.0), spot(to, hours)).expect("a way");
            assert_eq!(way.is_neighbour, neighbour);
            let kmh = way.kmh.expect("a speed");
            assert!((least..=most).contains(&kmh), "{from} to {to} in {hours} h: {kmh}");
        }
    }

    #[test]
    fn neighbours_and_unknown_countries_have_no_speed() {
        assert_eq!(way(spot("DE", 0.0), spot("DE", 1.0)), None);
        assert_eq!(way(spot("DE", 0.0), spot("FR", 1.0)), Some(Way { is_neighbour: true, kmh: None }));
        assert_eq!(way(spot("DE", 0.0), spot("QQ", 1.0)), None);
    }

    #[test]
    fn no_time_at_all_and_time_that_goes_back_are_borne() {
        let kmh = |hours| way(spot("JP", 1.0), spot("BR", hours)).and_then(|way| way.kmh).expect("a speed");
        assert_eq!(kmh(0.0), kmh(2.0));
        assert!(kmh(1.0) > kmh(0.9));
    }

    #[test]
    fn a_city_is_a_point() {
        let london = Spot { point: Some((51.51, -0.13)), ..spot("GB", 0.0) };
        let new_york = Spot { point: Some((40.71, -74.01)), ..spot("US", 1.0) };
        let kmh = way(london, new_york).and_then(|way| way.kmh).expect("a speed");
        assert!((5_500..5_650).contains(&kmh), "{kmh}");
    }

    #[test]
    fn neighbours_are_mutual() {
        assert!(WORLD.len() > 200);
        for (country, land) in WORLD.iter() {
            for neighbour in &land.neighbours {
                assert!(
                    WORLD.get(neighbour).is_some_and(|land| land.neighbours.contains(country)),
                    "{country:?}"
                );
            }
        }
    }
}
