//! vCards (RFC 6350) in a text.

/// The vCards (RFC 6350) in a text, each as its reachable values.
pub(super) fn vcards(text: &str) -> Option<Vec<Vec<String>>> {
    let start = "BEGIN:VCARD";
    memchr::memmem::find(text.as_bytes(), start.as_bytes())?;
    let mut cards = Vec::new();
    for card in text.split(start).skip(1) {
        let reachable = card
            .lines()
            .filter_map(|line| {
                let (property, content) = line.split_once(':')?;
                let name = property.split(';').next()?.rsplit('.').next()?;
                let is_reachable =
                    name.eq_ignore_ascii_case("TEL") || name.eq_ignore_ascii_case("EMAIL");
                is_reachable.then(|| content.trim().trim_start_matches("tel:").to_owned())
            })
            .filter(|content| !content.is_empty())
            .collect::<Vec<_>>();
        if !reachable.is_empty() {
            cards.push(reachable);
        }
    }
    (!cards.is_empty()).then_some(cards)
}
