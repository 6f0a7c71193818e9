//! The cast: who works at Harbour & Pine, where, when and with what.
//!
//! All of them, their customers and their addresses are invented; addresses come from the ranges set aside for
//! documentation.

use super::calendar::{BERLIN, DAY, DUBLIN, HOUR, MINUTE, MONTREAL, Site, TOKYO, is_weekend};
use super::dice::Dice;
use super::line::{Geo, Place};
use std::sync::LazyLock;

/// Somebody who works here.
#[derive(Debug)]
pub struct Person {
    /// Their number, from 0.
    pub number: u64,
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: &'static str,
    /// Their role.
    pub role: &'static str,
    /// Their office.
    pub site: Site,
    /// What they answer.
    pub team: &'static str,
    /// How many days before the end of the year they joined, if they were not there from the start.
    pub joined_days_ago: Option<i64>,
    /// The same for those who left.
    pub left_days_ago: Option<i64>,
    /// They as an actor, in JSON.
    pub actor: String,
}

/// What a customer may write about, and who answers.
pub const TEAMS: [&str; 6] = ["Orders", "Returns", "Payments", "Technical", "VIP", "Japan"];

type Row = (&'static str, &'static str, &'static str, &'static str);

const IN_DUBLIN: [Row; 18] = [
    ("Aoife Brennan", "aoife.brennan", "owner", ""),
    ("Niamh Kavanagh", "niamh.kavanagh", "admin", ""),
    ("Ciarán Ó Dubhthaigh", "ciaran.odubhthaigh", "manager", "Orders"),
    ("Siobhán Walsh", "siobhan.walsh", "manager", "Payments"),
    ("Helena Ruiz", "helena.ruiz", "billing", ""),
    ("Oisín Murphy", "oisin.murphy", "agent", "Orders"),
    ("Gráinne Doyle", "grainne.doyle", "agent", "Orders"),
    ("Tadhg Byrne", "tadhg.byrne", "agent", "Orders"),
    ("Róisín Nolan", "roisin.nolan", "agent", "Payments"),
    ("Eoin Farrell", "eoin.farrell", "agent", "Payments"),
    ("Fionnuala Quinn", "fionnuala.quinn", "agent", "Payments"),
    ("Seán McCarthy", "sean.mccarthy", "agent", "Returns"),
    ("Maeve O'Connor", "maeve.oconnor", "agent", "Returns"),
    ("Diarmuid Lynch", "diarmuid.lynch", "agent", "Technical"),
    ("Priya Raghunathan", "priya.raghunathan", "agent", "Technical"),
    ("Chidi Okonkwo", "chidi.okonkwo", "agent", "VIP"),
    ("Zofia Wiśniewska", "zofia.wisniewska", "agent", "Orders"),
    ("João Cardoso", "joao.cardoso", "agent", "Returns"),
];

const IN_BERLIN: [Row; 18] = [
    ("Jürgen Groß", "juergen.gross", "security_admin", ""),
    ("Søren Lindqvist", "soren.lindqvist", "admin", ""),
    ("Ingrid Sørensen", "ingrid.sorensen", "auditor", ""),
    ("Katharina Weiß", "katharina.weiss", "manager", "Returns"),
    ("Дмитро Шевченко", "dmytro.shevchenko", "manager", "Technical"),
    ("Anneliese Vogt", "anneliese.vogt", "agent", "Returns"),
    ("Emre Yıldız", "emre.yildiz", "agent", "Returns"),
    ("Łukasz Żak", "lukasz.zak", "agent", "Technical"),
    ("Björn Håkansson", "bjorn.hakansson", "agent", "Technical"),
    ("Çağla Öztürk", "cagla.ozturk", "agent", "Technical"),
    ("Ελένη Παπαδοπούλου", "eleni.papadopoulou", "agent", "Orders"),
    ("Marie-Luise Köhler", "marie-luise.koehler", "agent", "Orders"),
    ("Tomáš Dvořák", "tomas.dvorak", "agent", "Payments"),
    ("Šárka Procházková", "sarka.prochazkova", "agent", "Payments"),
    ("Bálint Szűcs", "balint.szucs", "agent", "Technical"),
    ("نور حداد", "noor.haddad", "agent", "VIP"),
    ("Ilse Schröder", "ilse.schroeder", "agent", "Returns"),
    ("Mehmet Demir", "mehmet.demir", "agent", "Orders"),
];

const IN_TOKYO: [Row; 14] = [
    ("高橋 陽菜", "haruna.takahashi", "manager", "Japan"),
    ("田中 太郎", "taro.tanaka", "agent", "Japan"),
    ("佐藤 美咲", "misaki.sato", "agent", "Japan"),
    ("鈴木 健太", "kenta.suzuki", "agent", "Japan"),
    ("渡辺 結衣", "yui.watanabe", "agent", "Japan"),
    ("伊藤 大輔", "daisuke.ito", "agent", "Returns"),
    ("中村 さくら", "sakura.nakamura", "agent", "Returns"),
    ("小林 蓮", "ren.kobayashi", "agent", "Payments"),
    ("加藤 真由", "mayu.kato", "agent", "Payments"),
    ("吉田 翔", "sho.yoshida", "agent", "Technical"),
    ("山本 あかり", "akari.yamamoto", "agent", "Orders"),
    ("김서연", "seoyeon.kim", "agent", "Orders"),
    ("李 明轩", "mingxuan.li", "agent", "Technical"),
    ("Nguyễn Thị Hạnh", "hanh.nguyen", "agent", "VIP"),
];

const IN_MONTREAL: [Row; 10] = [
    ("Émilie Brûlé", "emilie.brule", "manager", "VIP"),
    ("Étienne Lefèvre", "etienne.lefevre", "agent", "VIP"),
    ("Zoë Tremblay", "zoe.tremblay", "agent", "Orders"),
    ("Noël Côté", "noel.cote", "agent", "Orders"),
    ("Océane Gagné", "oceane.gagne", "agent", "Returns"),
    ("Rajesh Kulkarni", "rajesh.kulkarni", "agent", "Technical"),
    ("Fatima Zahra El Idrissi", "fatima.elidrissi", "agent", "Payments"),
    ("Mateo Núñez", "mateo.nunez", "agent", "Returns"),
    ("Grace Adeyemi", "grace.adeyemi", "agent", "Payments"),
    ("François Bélanger", "francois.belanger", "agent", "Technical"),
];

/// Those who came during the year, and how many days before its end.
const JOINED: [(&str, i64); 4] =
    [("mehmet.demir", 301), ("joao.cardoso", 214), ("mingxuan.li", 143), ("grace.adeyemi", 87)];
/// Those who went.
const LEFT: [(&str, i64); 3] = [("ilse.schroeder", 260), ("noel.cote", 165), ("tadhg.byrne", 58)];

const USER_AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
];

/// Everybody, by number.
pub static PEOPLE: LazyLock<Vec<Person>> = LazyLock::new(|| {
    let sites: [(Site, &[Row]); 4] =
        [(DUBLIN, &IN_DUBLIN), (BERLIN, &IN_BERLIN), (TOKYO, &IN_TOKYO), (MONTREAL, &IN_MONTREAL)];
    let rows = sites.into_iter().flat_map(|(site, rows)| rows.iter().map(move |row| (site, row)));
    (0..).zip(rows).map(|(number, (site, row))| person(number, site, row)).collect()
});

fn person(number: u64, site: Site, &(name, email, role, team): &Row) -> Person {
    let days_ago = |list: &[(&str, i64)]| list.iter().find(|(who, _)| *who == email).map(|(_, days)| *days);
    let id = (7_101_400 + 37 * number).to_string();
    let actor = serde_json::json!({
        "type": "user", "id": id, "name": name, "email": format!("{email}@harbourpine.example"), "role": role,
    });
    Person {
        number,
        id,
        name,
        role,
        site,
        team,
        joined_days_ago: days_ago(&JOINED),
        left_days_ago: days_ago(&LEFT),
        actor: actor.to_string(),
    }
}

/// The person with this name; everybody who has a part in a story is looked up by it.
pub fn named(name: &str) -> &'static Person {
    PEOPLE.iter().find(|person| person.name == name).unwrap_or(&PEOPLE[0])
}

/// Those who answer for a team.
pub fn team(team: &str) -> impl Iterator<Item = &'static Person> {
    PEOPLE.iter().filter(move |person| person.team == team && person.role == "agent")
}

/// The manager of a team.
pub fn manager(team: &str) -> &'static Person {
    PEOPLE.iter().find(|person| person.team == team && person.role == "manager").unwrap_or(&PEOPLE[1])
}

impl Person {
    /// When their work begins and ends on a day of their own calendar; nothing on a day off. `now` ends the year.
    pub fn shift(&self, day: i64, now: i64) -> Option<(i64, i64)> {
        let days_ago = now.div_euclid(DAY) - day;
        let here = self.joined_days_ago.is_none_or(|joined| days_ago <= joined)
            && self.left_days_ago.is_none_or(|left| days_ago > left);
        let week = (day + 3).div_euclid(7).unsigned_abs();
        let holiday = Dice::of(&[1, self.number, week]).says_yes(0.08);
        // Some agents work at the weekend and have their days off in the week.
        let weekends = self.role == "agent" && self.number.is_multiple_of(5);
        let weekday = super::calendar::weekday(day);
        let off = if weekends { matches!(weekday, 2 | 3) } else { is_weekend(day) };
        if !here || holiday || off {
            return None;
        }
        let mut dice = Dice::of(&[2, self.number, day.unsigned_abs()]);
        let late = if self.number % 3 == 1 { HOUR } else { 0 };
        let begins = self.site.at(day, 8 * HOUR + 35 * MINUTE + late) + dice.within(0, 50 * MINUTE);
        Some((begins, begins + 8 * HOUR + dice.within(0, 40 * MINUTE)))
    }

    /// The first moment from `at` on when they are at work, within two weeks.
    pub fn next_at_work(&self, at: i64, now: i64) -> Option<i64> {
        let today = self.site.day(at);
        (today..today + 14).find_map(|day| {
            let (begins, ends) = self.shift(day, now)?;
            (at < ends).then(|| at.max(begins + 4 * MINUTE))
        })
    }

    /// Where they work on a day, and under which session.
    pub fn place(&self, at: i64) -> Place {
        let day = self.site.day(at).unsigned_abs();
        let mut dice = Dice::of(&[3, self.number, day]);
        let session_id = format!("s_{:012x}", dice.next() >> 16);
        let at_home = dice.says_yes(0.3);
        let (country, ip) = if let Some((country, network)) = self.travels(day) {
            (country, format!("2001:db8:{network:x}::{:x}", 0x20 + self.number))
        } else if at_home {
            (
                self.site.country,
                format!("2001:db8:{:x}:{:x}::1a", 0x40 + self.site.first_host, 0x100 + self.number),
            )
        } else {
            (self.site.country, format!("{}.{}", self.site.network, self.site.first_host + self.number % 9))
        };
        Place {
            ip,
            geo: Some(Geo { country, city: None }),
            user_agent: self.user_agent(),
            session_id,
            source: "ui",
        }
    }

    /// A few weeks are spent elsewhere: not every strange country is an attack.
    fn travels(&self, day: u64) -> Option<(&'static str, u64)> {
        let mut dice = Dice::of(&[4, self.number, (day + 3) / 7]);
        dice.says_yes(0.012)
            .then(|| *dice.pick(&[("PT", 0x900), ("US", 0x901), ("SG", 0x902), ("NO", 0x903)]))
    }

    /// Their address.
    pub fn email(&self) -> String {
        let actor: serde_json::Value = serde_json::from_str(&self.actor).unwrap_or_default();
        actor["email"].as_str().unwrap_or_default().to_owned()
    }

    /// What they work with.
    pub fn user_agent(&self) -> &'static str {
        USER_AGENTS[(self.number % 4) as usize]
    }
}

/// Actors that are no people, as JSON.
pub mod machines {
    /// Closes what nobody answers.
    pub const CLOSE_STALE: &str =
        r#"{"type":"automation","id":"rule_17","name":"Close stale conversations"}"#;
    /// Sends conversations to teams.
    pub const ROUTING: &str = r#"{"type":"automation","id":"rule_3","name":"Route by topic"}"#;
    /// Raises the priority of what waits too long.
    pub const SLA: &str = r#"{"type":"automation","id":"rule_9","name":"First reply within 4 hours"}"#;
    /// Fetches figures every night.
    pub const REPORTING: &str =
        r#"{"type":"api_key","id":"key_reporting","name":"Reporting sync","role":"read_only"}"#;
    /// The shop.
    pub const SHOP: &str = r#"{"type":"app","id":"app_shop","name":"Shop backend"}"#;
    /// Takes teammates in and out.
    pub const DIRECTORY: &str = r#"{"type":"app","id":"app_directory","name":"Directory sync"}"#;
    /// Sends invoices.
    pub const BILLING: &str = r#"{"type":"system","id":"billing","name":"Billing"}"#;
    /// Watches over sign-ins.
    pub const SIGN_IN_GUARD: &str = r#"{"type":"system","id":"sign_in_guard","name":"Sign-in guard"}"#;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_people_have_ids_and_names_of_their_own() {
        let people = &*PEOPLE;
        assert_eq!(people.len(), 60);
        for (nth, person) in people.iter().enumerate() {
            assert!(people[..nth].iter().all(|other| other.name != person.name && other.id != person.id));
        }
        for team in TEAMS {
            assert!(super::team(team).count() >= 4 && manager(team).role == "manager", "{team}");
        }
        for (email, _) in JOINED.iter().chain(&LEFT) {
            assert!(people.iter().any(|person| person.actor.contains(&format!("\"{email}@"))), "{email}");
        }
    }

    #[test]
    fn people_work_by_day_where_they_live() {
        let now = 1_795_290_000_000_000;
        for person in PEOPLE.iter() {
            let shifts: Vec<_> =
                (20_700..20_760).filter_map(|day| Some((day, person.shift(day, now)?))).collect();
            for (day, (begins, ends)) in shifts {
                assert_eq!((person.site.day(begins), person.site.day(ends)), (day, day), "{}", person.name);
            }
        }
    }
}
