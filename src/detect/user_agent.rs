//! Device attributes inside a User-Agent: browsers, Dalvik, `CFNetwork` and the formats of large apps.

use super::name::Name;
use super::{Scene, identifier, value};
use crate::limits;
use crate::model::{Field, Grade, Place, Sensitive, Tally};
use crate::rules::NameStrength;

/// What a User-Agent tells of the device; borrowed from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DeviceAttributes<'a> {
    /// Marketing name or model number.
    pub(super) model: Option<&'a str>,
    /// Operating system's version.
    pub(super) os_version: Option<&'a str>,
    /// Who made the device.
    pub(super) maker: Option<&'a str>,
    /// Language and country.
    pub(super) locale: Option<&'a str>,
    /// Operator of the network.
    pub(super) carrier: Option<&'a str>,
    /// Build of the operating system.
    pub(super) build: Option<&'a str>,
    /// Size of the screen, and its density.
    pub(super) screen: Option<&'a str>,
    pub(super) density: Option<&'a str>,
}

impl<'a> DeviceAttributes<'a> {
    /// What it tells under each rule.
    fn by_rule(&self) -> [(&'static str, [Option<&'a str>; 2]); 5] {
        [
            ("device-model", [self.model, self.maker]),
            ("os-version", [self.os_version, self.build]),
            ("locale-timezone", [self.locale, None]),
            ("carrier", [self.carrier, None]),
            ("hardware-state", [self.screen, self.density]),
        ]
    }
}

/// Reports model and operating system from `User-Agent` headers.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    for field in scene.fields {
        if field.place == Place::Header
            && scene.fields.name(field).eq_ignore_ascii_case("user-agent")
        {
            let attributes = device_attributes(&field.value);
            for (rule, values) in attributes.by_rule() {
                report(scene, tally, field, rule, values);
            }
            report(
                scene,
                tally,
                field,
                "hardware-id",
                [imei(&field.value), None],
            );
            report_named(scene, tally, field);
        }
    }
}

fn report(
    scene: &Scene<'_>,
    tally: &mut Tally,
    field: &Field<'_>,
    rule: &str,
    values: [Option<&str>; 2],
) {
    let values: Vec<&str> = values.into_iter().flatten().collect();
    if let (Some(first), Some(rule)) = (values.first(), scene.rules.identifier(rule)) {
        let mut finding = scene.finding(rule, Grade::Decoded, field, first);
        finding.items = values.len() as u64;
        finding.values = values.iter().map(|value| Sensitive::new(value)).collect();
        scene.report(tally, finding);
    }
}

/// Reports what stands behind a name in it: `gaid/38400000-8cf0-11bd-b23e-10b96e40000d`, `android_id=9f2c…`.
fn report_named(scene: &Scene<'_>, tally: &mut Tally, field: &Field<'_>) {
    let is_mark = |mark: char| mark.is_whitespace() || "();,[]".contains(mark);
    for token in field.value.split(is_mark) {
        let Some((name, value)) = token.split_once(['/', '=', ':']) else {
            continue;
        };
        if value.len() < SHORTEST_IDENTIFIER || name.len() > limits::NAME_BYTES {
            continue;
        }
        let name = Name::of(name, scene.rules);
        let mut told = Vec::new();
        let none = std::iter::empty();
        scene
            .rules
            .identifiers_of_names(&name.identifiers, &none, |rule, strength| {
                if strength == NameStrength::Strong {
                    told.push(rule);
                }
            });
        // What is told in words is no identifier, and numbers of phones are read above.
        told.retain(|rule| OF_FORM.contains(&&*rule.id));
        for rule in told {
            if identifier::fits(scene, rule, field, value) {
                scene.report(tally, scene.finding(rule, Grade::Decoded, field, value));
            }
        }
    }
}

/// Characters of the shortest identifier.
const SHORTEST_IDENTIFIER: usize = 12;

/// Rules of identifiers whose values have a form of their own.
const OF_FORM: [&str; 5] = [
    "advertising-id",
    "vendor-scoped-id",
    "install-id",
    "mac-address",
    "sim-id",
];

/// Reads a User-Agent.
pub(super) fn device_attributes(user_agent: &str) -> DeviceAttributes<'_> {
    let mut attributes = DeviceAttributes::default();
    for comment in comments(user_agent) {
        let parts: Vec<&str> = comment.split(';').map(str::trim).collect();
        from_android(&parts, &mut attributes);
        from_android_app(user_agent, &parts, &mut attributes);
        from_apple(&parts, &mut attributes);
    }
    from_tokens(user_agent, &mut attributes);
    attributes
}

/// `… IMEI 490154203237518 …`, with a colon, a slash or an equals sign.
fn imei(user_agent: &str) -> Option<&str> {
    let (_, behind) = user_agent
        .split_once("IMEI")
        .or_else(|| user_agent.split_once("imei"))?;
    let behind = behind.trim_start_matches([' ', ':', '/', '=']);
    let digits = behind.split(|mark: char| !mark.is_ascii_digit()).next()?;
    value::is_imei(digits).then_some(digits)
}

/// The parts in parentheses or brackets, outermost first.
fn comments(user_agent: &str) -> impl Iterator<Item = &str> {
    user_agent
        .split(['(', '['])
        .skip(1)
        .map(|rest| rest.split([')', ']']).next().unwrap_or_default())
}

/// `Linux; U; Android 14; de-de; Pixel 8 Build/UQ1A` and its shorter forms.
fn from_android<'a>(parts: &[&'a str], attributes: &mut DeviceAttributes<'a>) {
    let Some(position) = parts.iter().position(|part| part.starts_with("Android ")) else {
        return;
    };
    attributes.os_version = parts
        .get(position)
        .and_then(|part| part.strip_prefix("Android "));
    let model = parts
        .iter()
        .skip(position.saturating_add(1))
        .map(|part| part.split(" Build").next().unwrap_or(part).trim())
        .find(|part| !part.is_empty() && !is_locale(part) && *part != "wv");
    let behind = || parts.iter().skip(position.saturating_add(1));
    attributes.locale = behind().copied().find(|part| is_regional(part));
    attributes.build = behind().find_map(|part| {
        let (_, build) = part.split_once("Build/")?;
        build
            .split([' ', ';', ')'])
            .next()
            .filter(|build| !build.is_empty())
    });
    attributes.density = behind().copied().find(|part| part.starts_with("density="));
    // Chrome sends the letter K instead of the model since its User-Agent reduction.
    attributes.model = model.filter(|model| {
        *model != "K" && !model.starts_with("rv:") && *model != "Mobile" && *model != "Tablet"
    });
}

/// `Instagram 1.2 Android (19/4.4.2; 480dpi; 1080x1920; maker; model; …)`: API level and version first, then the screen.
fn from_android_app<'a>(
    user_agent: &str,
    parts: &[&'a str],
    attributes: &mut DeviceAttributes<'a>,
) {
    let [version, density, screen, maker, model, others @ ..] = parts else {
        return;
    };
    let is_api_level =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, true, Some((level, release))) = (
        user_agent.contains("Android"),
        density.ends_with("dpi"),
        version.split_once('/'),
    ) && is_api_level(level)
    {
        attributes.os_version = Some(release);
        attributes.model = Some(model);
        // `Google/google`, the second being the brand
        attributes.maker = maker.split('/').next();
        attributes.density = Some(density);
        attributes.screen = Some(screen).copied().filter(|screen| is_size(screen));
        attributes.locale = others.iter().copied().find(|part| is_regional(part));
    }
}

/// `1080x2400`
fn is_size(text: &str) -> bool {
    let is_number = |text: &str| {
        (3..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let sides = text.split_once('x');
    sides.is_some_and(|(width, height)| is_number(width) && is_number(height))
}

/// A language with its country, `de_DE`: two letters alone may be anything.
pub(super) fn is_regional(text: &str) -> bool {
    is_locale(text) && text.len() == 5
}

/// `iPhone; iOS 17.1; Scale/3.00`, `iPhone; CPU iPhone OS 17_1 like Mac OS X`, `iPhone14,5; iOS 17_1; de_DE`.
fn from_apple<'a>(parts: &[&'a str], attributes: &mut DeviceAttributes<'a>) {
    for part in parts {
        if is_apple_device(part) {
            attributes.model = Some(part);
        }
        let version = part
            .strip_prefix("iOS ")
            .or_else(|| {
                part.strip_prefix("CPU iPhone OS ")
                    .or_else(|| part.strip_prefix("CPU OS "))
            })
            .or_else(|| part.strip_prefix("iPhone OS "));
        if let Some(version) = version {
            attributes.os_version = version.split(' ').next();
        }
    }
}

/// Tokens of `name/value`: `iOS/17.1`, `Device/iPhone_12`, `FBDV/iPhone14,5`, and a bare `iPhone` at the end.
fn from_tokens<'a>(user_agent: &'a str, attributes: &mut DeviceAttributes<'a>) {
    for token in user_agent.split([' ', ';', '[', ']', '(', ')']) {
        match token.split_once('/') {
            Some(("iOS" | "FBSV", version)) if !version.is_empty() => {
                attributes.os_version = attributes.os_version.or(Some(version));
            }
            Some(("Device" | "FBDV", model)) if !model.is_empty() => {
                attributes.model = attributes.model.or(Some(model));
            }
            Some(("FBCR", carrier)) if !carrier.is_empty() => attributes.carrier = Some(carrier),
            Some(("FBLC", locale)) if is_locale(locale) => attributes.locale = Some(locale),
            Some(("FBSS", scale)) if !scale.is_empty() => attributes.density = Some(scale),
            Some(("FBMF", maker)) if !maker.is_empty() => attributes.maker = Some(maker),
            None if is_apple_device(token) => attributes.model = attributes.model.or(Some(token)),
            _ => {}
        }
    }
}

fn is_apple_device(text: &str) -> bool {
    ["iPhone", "iPad", "iPod"].iter().any(|family| {
        text.strip_prefix(family).is_some_and(|rest| {
            rest.is_empty()
                || rest == " touch"
                || rest
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b',')
        })
    })
}

fn is_locale(text: &str) -> bool {
    let language = text.split(['-', '_']).next().unwrap_or_default();
    text.len() <= 6
        && (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && (text.len() == language.len() || text.contains(['-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_read_from_the_usual_forms() {
        let cases = [
            (
                "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240105.004)",
                Some("Pixel 8"),
                Some("14"),
            ),
            (
                "Mozilla/5.0 (Linux; U; Android 4.4; de-de; Nexus 5 Build/KRT16M) AppleWebKit/534.30",
                Some("Nexus 5"),
                Some("4.4"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36",
                None,
                Some("10"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15",
                Some("iPhone"),
                Some("17_1"),
            ),
            (
                "Wetter/9.1 (iPhone; iOS 16.2; Scale/3.00)",
                Some("iPhone"),
                Some("16.2"),
            ),
            (
                "Wetter 7.1 Android (33/13; 480dpi; 1080x1920; muster; MX-100; code; chip; de_DE)",
                Some("MX-100"),
                Some("13"),
            ),
            ("iOS/17.1 (21B74) iPhone", Some("iPhone"), Some("17.1")),
            (
                "WhatsApp/2.23.1 iOS/16.5 Device/iPhone_12",
                Some("iPhone_12"),
                Some("16.5"),
            ),
            ("curl/8.5.0", None, None),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
                None,
                None,
            ),
        ];
        for (user_agent, model, os_version) in cases {
            let attributes = device_attributes(user_agent);
            assert_eq!(
                (attributes.model, attributes.os_version),
                (model, os_version),
                "{user_agent}"
            );
        }
    }

    #[test]
    fn large_apps_tell_screen_language_and_network_too() {
        let of_android = device_attributes(
            "Wetter 7.1 Android (33/13; 480dpi; 1080x1920; muster; MX-100; code; chip; de_DE; 4711)",
        );
        assert_eq!(of_android.maker, Some("muster"));
        assert_eq!(of_android.screen, Some("1080x1920"));
        assert_eq!(of_android.density, Some("480dpi"));
        assert_eq!(of_android.locale, Some("de_DE"));
        let of_apple = device_attributes(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) [FBAN/FBIOS;FBDV/iPhone14,5;FBSS/3;FBCR/Musternetz;FBLC/de_DE]",
        );
        assert_eq!(of_apple.carrier, Some("Musternetz"));
        assert_eq!(of_apple.locale, Some("de_DE"));
        let of_browser = device_attributes(
            "Dalvik/2.1.0 (Linux; U; Android 14; de-de; Pixel 8 Build/UQ1A.240105.004)",
        );
        assert_eq!(of_browser.build, Some("UQ1A.240105.004"));
        assert_eq!(of_browser.locale, Some("de-de"));
        assert_eq!(of_browser.screen, None);
    }
}
