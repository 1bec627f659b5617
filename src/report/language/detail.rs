//! What exactly was not seen, in German. Whoever reads a file says it in English, once for all reports; `{}` stands for numbers
//! and names. What is not here is left out of German texts; the JSON report has it.

/// English and German; no `{}` stands beside another.
const DETAILS: &[(&str, &str)] = &[
    ("text of no known format", "Text in keinem bekannten Format"),
    (
        "no pcap magic number at byte {}",
        "keine pcap-Kennung bei Byte {}",
    ),
    ("no known format", "kein bekanntes Format"),
    ("line {}", "Zeile {}"),
    ("{} of an unknown format", "{} in unbekanntem Format"),
    (
        "a spreadsheet without a list of apps",
        "eine Tabelle ohne eine Liste von Apps",
    ),
    (
        "computers of Jamf, which are no phones; give the export of its mobile devices",
        "Rechner aus Jamf, die keine Telefone sind; gebraucht wird der Export der Mobilgeräte",
    ),
    (
        "a workbook without a list of apps",
        "eine Arbeitsmappe ohne Liste von Apps",
    ),
    (
        "more cells or text in the workbook than the bound",
        "mehr Zellen oder Text in der Arbeitsmappe als die Grenze",
    ),
    (
        "only the first {} columns of a sheet are read",
        "nur die ersten {} Spalten eines Blattes wurden gelesen",
    ),
    (
        "decompresses to more than {} times its size",
        "entpackt mehr als das {}-Fache ihrer Größe",
    ),
    (
        "the log ends in the middle of an array",
        "sie endet mitten in der Liste der Einträge",
    ),
    (
        "an archive inside an archive; unpack it",
        "ein Archiv in einem Archiv; entpacken",
    ),
    (
        "an archive of more than {} bytes; unpack it",
        "ein Archiv von mehr als {} Bytes; entpacken",
    ),
    (
        "more than {} contacts, or {} apps of one host: later ones name no app",
        "mehr als {} Kontakte oder {} Apps eines Servers: spätere nennen keine App",
    ),
    (
        "the record has no body where there was one",
        "die Aufzeichnung hat keinen Inhalt, wo einer war",
    ),
    ("the file is empty", "die Datei ist leer"),
    (
        "the file ends within the record at byte {}",
        "sie endet im Datensatz bei Byte {}",
    ),
    (
        "the file ends within the block at byte {}",
        "sie endet im Block bei Byte {}",
    ),
    (
        "the file ends within the entry at byte {}",
        "sie endet im Eintrag bei Byte {}",
    ),
    (
        "the file ends within the flow at byte {}",
        "sie endet in der Verbindung bei Byte {}",
    ),
    (
        "the file ends within the list of entries",
        "sie endet in der Liste der Einträge",
    ),
    ("the file ends within the log", "sie endet im Protokoll"),
    (
        "the log ends in the middle of a line",
        "sie endet mitten in einer Zeile",
    ),
    ("the log is damaged", "das Protokoll ist beschädigt"),
    (
        "the list of entries is damaged",
        "die Liste der Einträge ist beschädigt",
    ),
    (
        "a damaged header of the database",
        "der Kopf der Datenbank ist beschädigt",
    ),
    ("reading stopped at byte {}: {}", "gelesen bis Byte {}"),
    (
        "the record at byte {} is longer than {} bytes",
        "der Datensatz bei Byte {} ist länger als {} Bytes",
    ),
    (
        "the entry at byte {} is longer than {} bytes",
        "der Eintrag bei Byte {} ist länger als {} Bytes",
    ),
    (
        "the line at byte {} is longer than {} bytes",
        "die Zeile bei Byte {} ist länger als {} Bytes",
    ),
    (
        "the entry at byte {} is no HAR entry",
        "der Eintrag bei Byte {} ist kein HAR-Eintrag",
    ),
    (
        "what begins at byte {} is no JSON",
        "was bei Byte {} beginnt, ist kein JSON",
    ),
    (
        "the {} block at byte {} contradicts itself",
        "der Block {} bei Byte {} widerspricht sich",
    ),
    (
        "only the first {} files of the archive are looked at",
        "nur die ersten {} Dateien des Archivs wurden angesehen",
    ),
    (
        "packets captured with a snap length shorter than they were",
        "beim Mitschneiden gekürzt (Snap Length)",
    ),
    (
        "packets dropped by the capturing system, by its own count",
        "nach eigener Zählung des mitschneidenden Systems",
    ),
    ("link type {}", "Verbindungstyp {}"),
    ("protocol {}", "Protokoll {}"),
    (
        "TCP connection without its beginning",
        "TCP-Verbindung ohne ihren Anfang",
    ),
    ("TCP bytes not captured", "TCP-Bytes fehlen im Mitschnitt"),
    (
        "QUIC stream bytes not captured",
        "QUIC-Bytes fehlen im Mitschnitt",
    ),
    ("not captured", "nicht mitgeschnitten"),
    (
        "too many TCP bytes out of order",
        "zu viele TCP-Bytes außer der Reihe",
    ),
    (
        "too many QUIC stream bytes out of order",
        "zu viele QUIC-Bytes außer der Reihe",
    ),
    (
        "more than {} flows at once",
        "mehr als {} Verbindungen zugleich",
    ),
    (
        "image, sound, film or font",
        "Bild, Ton, Film oder Schriftart",
    ),
    (
        "body in a format without a decoder",
        "Inhalt in einem Format, das nicht gelesen wird",
    ),
    (
        "body in a content encoding without a decoder",
        "Inhalt in einer Kodierung, die nicht gelesen wird",
    ),
    (
        "the key log has no secret for this direction",
        "im Schlüsselprotokoll fehlt das Geheimnis dieser Richtung",
    ),
    (
        "the keys do not open it: damaged, or too much is missing before it",
        "die Schlüssel öffnen es nicht: beschädigt, oder davor fehlt zu viel",
    ),
    (
        "mitmproxy writes binary bodies into HAR as text; its flow dump has them whole",
        "mitmproxy schreibt binäre Inhalte als Text in HAR-Dateien; sein eigenes Format hat sie unversehrt",
    ),
    (
        "the dump has no output of dumpsys {}",
        "der Auszug enthält keine Ausgabe von dumpsys {}",
    ),
    (
        "dumpsys {} is not whole: the dump ends in the middle of it",
        "dumpsys {} ist nicht vollständig: der Auszug endet mittendrin",
    ),
    (
        "dumpsys {} is not whole: the phone broke it off, because it took too long",
        "dumpsys {} ist nicht vollständig: das Gerät brach die Ausgabe ab, weil sie zu lange dauerte",
    ),
    (
        "a pipe passes once, so that what was seen in a connection counts beside the record of it",
        "aus einer Pipe wird nur einmal gelesen: was in einer Verbindung gesehen wurde, zählt neben ihrem eigenen Eintrag",
    ),
    (
        "more than {} connections; of later ones the name may be missing, and what was seen in them counts beside the record of them",
        "mehr als {} Verbindungen; bei späteren fehlt vielleicht der Name, und was in ihnen gesehen wurde, zählt neben ihrem eigenen Eintrag",
    ),
    (
        "records that another log of the phone has too",
        "Einträge, die ein anderes Protokoll des Telefons auch hat",
    ),
    ("as {} shows", "wie {}"),
    (
        "{} may show it too: same time and hosts",
        "{} zeigt ihn vielleicht auch: gleiche Zeit, gleiche Server",
    ),
    (
        "{} known values too short or too common to be looked for, which chance alone would show {}× in {} readable bytes",
        "{} bekannte Werte, die zu kurz oder zu häufig sind, um nach ihnen zu suchen; allein der Zufall zeigte sie {}× in {} lesbaren Bytes",
    ),
    (
        "{} known values so short that they count only beside others, which chance alone would show {}× in {} readable bytes",
        "{} bekannte Werte, die so kurz sind, dass sie nur neben anderen zählen; allein der Zufall zeigte sie {}× in {} lesbaren Bytes",
    ),
    (
        "{} encodings, digests and checksums left out because the list is long",
        "{} Kodierungen, Hashwerte und Prüfsummen ausgelassen, weil die Liste lang ist",
    ),
    (
        "more than {} in a message, more than {} known values, or more than {} digests",
        "mehr als {} in einer Nachricht, mehr als {} bekannte Werte oder mehr als {} Hashwerte",
    ),
    ("{} of {} recipients of {}", "{} von {} Empfängern von {}"),
    (
        "where user {} of the phone has the same app as user 0, its row is of both and says how much is whose",
        "hat Nutzer {} des Geräts dieselbe App wie Nutzer 0, gilt deren Zeile für beide und nennt, wie viel von wem ist",
    ),
    (
        "the list goes on on a further page, which must be given as well",
        "die Liste geht auf einer weiteren Seite weiter, die auch gebraucht wird",
    ),
    (
        "a list of a whole fleet that does not say which device has which app: all are put on one device",
        "eine Liste über alle Geräte, die nicht sagt, welches welche App hat: alle Apps stehen bei einem Gerät",
    ),
    (
        "apps of computers left out: {}",
        "Apps von Rechnern (Windows, macOS …), die ausgelassen sind: {}",
    ),
    (
        "it names no app, and {} app packages are beside it; call it by the package, as in com.example.app.csv",
        "sie nennt keine App, und daneben liegen {} App-Pakete; nach dem Paket benennen, etwa com.example.app.csv",
    ),
    (
        "hosts of others have the same address",
        "Server anderer haben dieselbe Adresse",
    ),
    (
        "the host serves other things as well",
        "der Server dient auch anderem",
    ),
    (
        "it is of {}, which no list of apps, dump or app package beside it names; it counts only where traffic is that app's",
        "sie ist von {}, was keine Liste von Apps, kein Auszug und kein App-Paket daneben nennt; sie zählt nur, wo Verkehr von dieser App ist",
    ),
    (
        "what version {} declares stands under the installed version {}",
        "was Version {} angibt, steht unter der installierten Version {}",
    ),
    (
        "{} is not among the installed apps; what it declares is shown all the same",
        "{} ist nicht unter den installierten Apps; was es angibt, wird trotzdem gezeigt",
    ),
    ("dumpsys appops", "dumpsys appops"),
];

/// A detail in German, or several of them; `None` where one has no German words.
pub(super) fn in_german(detail: &str) -> Option<String> {
    one_in_german(detail).or_else(|| {
        let parts: Option<Vec<String>> = detail.split("; ").map(one_in_german).collect();
        Some(parts?.join("; "))
    })
}

fn one_in_german(detail: &str) -> Option<String> {
    DETAILS.iter().find_map(|(english, german)| {
        let values = values(english, detail)?;
        let mut values = values.into_iter();
        let mut pieces = german.split("{}");
        let mut text = pieces.next()?.to_owned();
        for piece in pieces {
            text.push_str(values.next()?);
            text.push_str(piece);
        }
        Some(text)
    })
}

/// What stands in the places of a template.
fn values<'a>(template: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = template.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut values = Vec::new();
    for piece in pieces {
        let at = if piece.is_empty() {
            rest.len()
        } else {
            rest.find(piece)?
        };
        let (value, after) = rest.split_at_checked(at)?;
        values.push(value);
        rest = after.strip_prefix(piece)?;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_stay_where_they_were() {
        let german = |detail| in_german(detail).unwrap_or_default();
        assert_eq!(
            german("the file ends within the record at byte 88485"),
            "sie endet im Datensatz bei Byte 88485"
        );
        assert_eq!(
            german("the record at byte 24 is longer than 100 bytes"),
            "der Datensatz bei Byte 24 ist länger als 100 Bytes"
        );
        assert_eq!(german("as phone/a.pcap shows"), "wie phone/a.pcap");
        assert_eq!(
            german("TCP bytes not captured"),
            "TCP-Bytes fehlen im Mitschnitt"
        );
        assert_eq!(
            german("TCP bytes not captured; as phone/a.pcap shows"),
            "TCP-Bytes fehlen im Mitschnitt; wie phone/a.pcap"
        );
        assert_eq!(in_german("the file is empty?"), None);
        assert_eq!(in_german(""), None);
    }

    #[test]
    fn german_needs_no_more_values_than_english_has() {
        for (english, german) in DETAILS {
            let count = |text: &str| text.matches("{}").count();
            assert!(count(german) <= count(english), "{english}");
            assert!(!english.contains("{}{}"));
        }
    }
}
