//! Names of countries: those in which vendors of apps and trackers sit.

use super::Language;

/// ISO 3166-1 alpha-2, English, German; by code.
const NAMES: &[(&str, &str, &str)] = &[
    ("AD", "Andorra", "Andorra"),
    ("AE", "United Arab Emirates", "Ver. Arabische Emirate"),
    ("AI", "Anguilla", "Anguilla"),
    ("AR", "Argentina", "Argentinien"),
    ("AT", "Austria", "Österreich"),
    ("AU", "Australia", "Australien"),
    ("BE", "Belgium", "Belgien"),
    ("BG", "Bulgaria", "Bulgarien"),
    ("BR", "Brazil", "Brasilien"),
    ("BY", "Belarus", "Belarus"),
    ("CA", "Canada", "Kanada"),
    ("CH", "Switzerland", "Schweiz"),
    ("CN", "China", "China"),
    ("CY", "Cyprus", "Zypern"),
    ("CZ", "Czechia", "Tschechien"),
    ("DE", "Germany", "Deutschland"),
    ("DK", "Denmark", "Dänemark"),
    ("EE", "Estonia", "Estland"),
    ("ES", "Spain", "Spanien"),
    ("FI", "Finland", "Finnland"),
    ("FO", "Faroe Islands", "Färöer"),
    ("FR", "France", "Frankreich"),
    ("GB", "United Kingdom", "Vereinigtes Königreich"),
    ("GG", "Guernsey", "Guernsey"),
    ("GR", "Greece", "Griechenland"),
    ("HK", "Hong Kong", "Hongkong"),
    ("HR", "Croatia", "Kroatien"),
    ("HU", "Hungary", "Ungarn"),
    ("IE", "Ireland", "Irland"),
    ("IL", "Israel", "Israel"),
    ("IM", "Isle of Man", "Insel Man"),
    ("IN", "India", "Indien"),
    ("IS", "Iceland", "Island"),
    ("IT", "Italy", "Italien"),
    ("JE", "Jersey", "Jersey"),
    ("JP", "Japan", "Japan"),
    ("KR", "South Korea", "Südkorea"),
    ("LI", "Liechtenstein", "Liechtenstein"),
    ("LT", "Lithuania", "Litauen"),
    ("LU", "Luxembourg", "Luxemburg"),
    ("LV", "Latvia", "Lettland"),
    ("MT", "Malta", "Malta"),
    ("NL", "Netherlands", "Niederlande"),
    ("NO", "Norway", "Norwegen"),
    ("NZ", "New Zealand", "Neuseeland"),
    ("PL", "Poland", "Polen"),
    ("PT", "Portugal", "Portugal"),
    ("RO", "Romania", "Rumänien"),
    ("RU", "Russia", "Russland"),
    ("SE", "Sweden", "Schweden"),
    ("SG", "Singapore", "Singapur"),
    ("SI", "Slovenia", "Slowenien"),
    ("SK", "Slovakia", "Slowakei"),
    ("TR", "Türkiye", "Türkei"),
    ("TW", "Taiwan", "Taiwan"),
    ("UA", "Ukraine", "Ukraine"),
    ("US", "United States", "USA"),
    ("UY", "Uruguay", "Uruguay"),
    ("VN", "Vietnam", "Vietnam"),
    ("ZA", "South Africa", "Südafrika"),
];

/// The name of a country; its code where there is none here.
pub(super) fn name(language: Language, code: &str) -> &str {
    let found = NAMES.iter().find(|(known, _, _)| *known == code);
    found.map_or(code, |(_, english, german)| language.pick(english, german))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn every_country_of_the_rules_has_a_name() {
        let rules = Rules::embedded();
        let of_hosts = rules
            .endpoints()
            .iter()
            .filter_map(|endpoint| endpoint.country.as_deref());
        let of_law = rules.legal().eea().iter().map(|code| &**code);
        for code in of_hosts.chain(of_law) {
            assert_ne!(name(Language::English, code), code);
        }
        assert!(NAMES.is_sorted());
    }
}
