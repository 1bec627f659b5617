//! Invented people and phones: what is on the phone, and others that only look alike.

use crate::forge::Chance;

/// Draws from the seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Chance);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Chance::new(seed))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next() >> 11).unwrap() % bound
    }

    /// True in one of `of` draws.
    pub(crate) fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap()))
            .collect()
    }

    pub(crate) fn hex(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b"0123456789abcdef"[self.below(16)]))
            .collect()
    }

    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'a' + u8::try_from(self.below(26)).unwrap()))
            .collect()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.0.bytes(count)
    }

    pub(crate) fn uuid(&mut self) -> String {
        let digits = self.hex(30);
        format!(
            "{}-{}-4{}-a{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..15],
            &digits[15..18],
            &digits[18..]
        )
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        let step = u32::try_from(self.below(1 << 30)).unwrap();
        low + (high - low) * f64::from(step) / f64::from(1 << 30)
    }
}

/// A number: country code, trunk prefix, significant number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phone {
    pub(crate) country: &'static str,
    pub(crate) trunk: &'static str,
    pub(crate) area: String,
    pub(crate) rest: String,
}

impl Phone {
    fn draw(dice: &mut Dice) -> Self {
        let (country, trunk, area, digits) = [
            ("49", "0", "151", 8),
            ("49", "0", "176", 8),
            ("49", "0", "30", 8),
            ("49", "0", "89", 7),
            ("43", "0", "664", 7),
            ("41", "0", "79", 7),
            ("33", "0", "6", 8),
            ("44", "0", "7400", 6),
            ("1", "", "212", 7),
        ][dice.below(9)];
        // No number begins with 0 or 1 after its area, nor with what service numbers begin with.
        let rest = format!("{}{}", 2 + dice.below(3), dice.digits(digits - 1));
        Self {
            country,
            trunk,
            area: area.to_owned(),
            rest,
        }
    }

    pub(crate) fn e164(&self) -> String {
        format!("+{}", self.digits())
    }

    pub(crate) fn digits(&self) -> String {
        format!("{}{}{}", self.country, self.area, self.rest)
    }

    pub(crate) fn national(&self) -> String {
        format!("{}{}{}", self.trunk, self.area, self.rest)
    }

    /// A way to write it that is not one run of digits.
    pub(crate) fn grouped(&self, dice: &mut Dice) -> String {
        let (country, area, rest) = (self.country, &self.area, &self.rest);
        let (first, last) = rest.split_at(3);
        match dice.below(5) {
            0 => format!("+{country} {area} {rest}"),
            1 => format!("+{country} {area} {first} {last}"),
            2 => format!("+{country}-{area}-{first}-{last}"),
            3 => format!("00{country} {area} {rest}"),
            _ => format!("+{country} ({area}) {first}-{last}"),
        }
    }
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) given: &'static str,
    pub(crate) family: String,
    pub(crate) phone: Phone,
    pub(crate) email: String,
}

impl Person {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        const GIVEN: [&str; 12] = [
            "Jörg", "Birgit", "Ömer", "Zoë", "Malte", "Ines", "Łukasz", "Thea", "Günther", "Paula",
            "André", "Svea",
        ];
        const STEMS: [&str; 10] = [
            "Brück", "Halm", "Törn", "Weid", "Gries", "Lamm", "Quast", "Ries", "Stöck", "Zand",
        ];
        const ENDS: [&str; 8] = [
            "mann", "huber", "ner", "wald", "berger", "hoff", "feld", "stein",
        ];
        let given = dice.pick(&GIVEN);
        let family = format!("{}{}", dice.pick(&STEMS), dice.pick(&ENDS));
        let plain = |text: &str| -> String {
            let text = text.to_lowercase();
            let spelled = [
                ("ö", "oe"),
                ("ü", "ue"),
                ("ä", "ae"),
                ("ë", "e"),
                ("é", "e"),
                ("ł", "l"),
            ];
            spelled
                .iter()
                .fold(text, |text, (from, to)| text.replace(from, to))
        };
        let email = format!(
            "{}.{}{}@{}.example",
            plain(given),
            plain(&family),
            dice.digits(2),
            dice.pick(&["post", "kanzlei", "werk", "mail.nord"])
        );
        Self {
            given,
            phone: Phone::draw(dice),
            email,
            family,
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// A phone: what is on it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) own: Person,
    pub(crate) contacts: Vec<Person>,
    /// Others, who are not on the phone.
    pub(crate) strangers: Vec<Person>,
    pub(crate) device: Device,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) elsewhere: Vec<(f64, f64)>,
    pub(crate) pepper: String,
}

/// Identifiers of a phone.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) imei: String,
    pub(crate) imsi: String,
    pub(crate) iccid: String,
    pub(crate) serial: String,
    pub(crate) mac: String,
    pub(crate) ssid: String,
    pub(crate) bssid: String,
    pub(crate) advertising_id: String,
    pub(crate) device_id: String,
    pub(crate) account: String,
    pub(crate) text: String,
}

impl Device {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let imei = format!("35{}", dice.digits(12));
        let iccid = format!("8949{}", dice.digits(14));
        Self {
            imei: with_check_digit(&imei),
            imsi: format!("26201{}", dice.digits(10)),
            iccid: with_check_digit(&iccid),
            serial: format!("R5{}", dice.hex(9).to_uppercase()),
            mac: mac(dice),
            ssid: format!("Netz-{}-{}", dice.letters(5), dice.digits(3)),
            bssid: mac(dice),
            advertising_id: dice.uuid(),
            device_id: format!("{}{}", ["a", "b", "c", "d"][dice.below(4)], dice.hex(15)),
            account: format!("nutzer-{}{}", dice.letters(4), dice.digits(5)),
            text: format!(
                "Treffen am {} um {} bei {}",
                ["Montag", "Dienstag", "Freitag"][dice.below(3)],
                1 + dice.below(12),
                dice.letters(7)
            ),
        }
    }
}

fn mac(dice: &mut Dice) -> String {
    let digits = dice.hex(10);
    let pairs: Vec<&str> = (0..5).map(|pair| &digits[pair * 2..pair * 2 + 2]).collect();
    format!("02:{}", pairs.join(":"))
}

/// The number with its Luhn digit, found by trying.
fn with_check_digit(digits: &str) -> String {
    let weight = |position: usize, digit: u32| match position % 2 {
        0 => digit * 2 / 10 + digit * 2 % 10,
        _ => digit,
    };
    let sum: u32 = digits
        .chars()
        .rev()
        .enumerate()
        .map(|(position, digit)| weight(position, digit.to_digit(10).unwrap()))
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

impl World {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let mut people: Vec<Person> = Vec::new();
        while people.len() < 161 {
            let person = Person::draw(dice);
            let is_new = people.iter().all(|other| {
                other.phone != person.phone
                    && other.email != person.email
                    && other.name() != person.name()
            });
            if is_new {
                people.push(person);
            }
        }
        let own = people.remove(0);
        let strangers = people.split_off(80);
        let mut places = Vec::new();
        for _ in 0..3 {
            places.push((dice.between(47.5, 54.5), dice.between(6.5, 14.5)));
        }
        let elsewhere = (0..20)
            .map(|_| (dice.between(-34.0, 45.0), dice.between(-120.0, -60.0)))
            .collect();
        Self {
            own,
            contacts: people,
            strangers,
            device: Device::draw(dice),
            places,
            elsewhere,
            pepper: format!("pf-{}", dice.hex(12)),
        }
    }

    /// Each value that is on the phone, as it is written there.
    pub(crate) fn values(&self) -> Vec<String> {
        let mut values = self.of_device();
        values.push(self.pepper.clone());
        for person in self.contacts.iter().chain([&self.own]) {
            let phone = &person.phone;
            values.extend([person.name(), person.email.clone()]);
            values.extend([phone.e164(), phone.national()]);
        }
        for (latitude, longitude) in &self.places {
            values.extend([format!("{latitude:.5}"), format!("{longitude:.5}")]);
        }
        values
    }

    /// The known values as they are written in the list, for tools that search for texts.
    pub(crate) fn listed(&self) -> Vec<String> {
        let mut values = self.of_device();
        for person in self.contacts.iter().chain([&self.own]) {
            values.extend([person.name(), person.phone.e164(), person.email.clone()]);
        }
        for (latitude, longitude) in &self.places {
            values.push(format!("{latitude:.4},{longitude:.4}"));
        }
        values
    }

    fn of_device(&self) -> Vec<String> {
        let device = &self.device;
        [
            &device.imei,
            &device.imsi,
            &device.iccid,
            &device.serial,
            &device.mac,
            &device.ssid,
            &device.bssid,
            &device.advertising_id,
            &device.device_id,
            &device.account,
            &device.text,
        ]
        .map(String::clone)
        .into()
    }

    /// The list that the auditor gives to `--known`.
    pub(crate) fn list(&self) -> String {
        use std::fmt::Write as _;
        let device = &self.device;
        let mut text = "[own]\n".to_owned();
        for (kind, value) in [
            ("phone", &self.own.phone.e164()),
            ("email", &self.own.email),
            ("name", &self.own.name()),
            ("imei", &device.imei),
            ("serial", &device.serial),
            ("mac", &device.mac),
            ("ssid", &device.ssid),
            ("bssid", &device.bssid),
            ("advertising-id", &device.advertising_id),
            ("device-id", &device.device_id),
            ("account-id", &device.account),
            ("text", &device.text),
        ] {
            writeln!(text, "{kind} = \"{value}\"").unwrap();
        }
        writeln!(text, "sim = [\"{}\", \"{}\"]", device.imsi, device.iccid).unwrap();
        for person in &self.contacts {
            let (name, phone, email) = (person.name(), person.phone.e164(), &person.email);
            writeln!(
                text,
                "[[contact]]\nname = \"{name}\"\nphone = \"{phone}\"\nemail = \"{email}\""
            )
            .unwrap();
        }
        for (latitude, longitude) in &self.places {
            writeln!(
                text,
                "[[position]]\nlatitude = {latitude:.7}\nlongitude = {longitude:.7}"
            )
            .unwrap();
        }
        text
    }
}
