//! Invented people of several countries.

use super::super::world::{Dice, Person, Phone, World};

const NAMES: [(&str, &str); 24] = [
    ("Ayşe", "Yıldırım"),
    ("Mehmet", "Öztürk"),
    ("Elif", "Şahin"),
    ("Giulia", "Esposito"),
    ("Matteo", "D'Angelo"),
    ("Chiara", "Lombardi"),
    ("Agnieszka", "Wójcik"),
    ("Krzysztof", "Zieliński"),
    ("Małgorzata", "Dąbrowska"),
    ("Dmitrij", "Sokolov"),
    ("Ekaterina", "Volkova"),
    ("Nadezhda", "Kuznetsova"),
    ("Xiaoming", "Wang"),
    ("Meiling", "Zhang"),
    ("Haoran", "Liu"),
    ("Amélie", "Lefèvre"),
    ("Étienne", "Dubois"),
    ("Margaux", "Girard"),
    ("Grace", "O'Connor"),
    ("Liam", "Whitaker"),
    ("Priya", "Raman"),
    ("Lucía", "Fernández"),
    ("Анна", "Смирнова"),
    ("小红", "李"),
];

/// Country code, trunk prefix, first digits, further digits.
const NUMBERS: [(&str, &str, &str, usize); 9] = [
    ("90", "0", "532", 7),
    ("48", "", "601", 6),
    ("39", "", "347", 7),
    ("7", "8", "916", 7),
    ("86", "", "138", 8),
    ("34", "", "612", 6),
    ("33", "0", "6", 8),
    ("49", "0", "170", 7),
    ("44", "0", "7400", 6),
];

/// Somebody who is not on the phone.
pub(super) fn someone(world: &World, dice: &mut Dice) -> Person {
    if dice.one_in(3) {
        return world.strangers[dice.below(world.strangers.len())].clone();
    }
    let (given, family) = NAMES[dice.below(NAMES.len())];
    let (country, trunk, area, digits) = NUMBERS[dice.below(NUMBERS.len())];
    let rest = format!("{}{}", 2 + dice.below(3), dice.digits(digits - 1));
    let mailbox = dice.letters(6);
    Person {
        given,
        family: family.to_owned(),
        phone: Phone {
            country,
            trunk,
            area: area.to_owned(),
            rest,
        },
        email: format!(
            "{mailbox}{}@{}.example",
            dice.digits(2),
            dice.pick(&["posta", "poczta", "courrier", "mail"])
        ),
    }
}

/// So many different people.
pub(super) fn several(count: usize, world: &World, dice: &mut Dice) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    while people.len() < count {
        let person = someone(world, dice);
        if people.iter().all(|other| other.phone != person.phone) {
            people.push(person);
        }
    }
    people
}

/// A number as address books hold it.
pub(super) fn number(person: &Person, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => person.phone.grouped(dice),
        1 => format!("00{}", person.phone.digits()),
        _ => person.phone.e164(),
    }
}
