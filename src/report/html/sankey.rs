//! The flow picture: app → data → recipient → country. Columns of nodes, as high as what flows through them; few crossings by
//! sorting each column by the middle of its neighbours. No chance is involved, so equal audits give equal pictures.

use std::collections::BTreeMap;

use super::markup::Markup;
use super::picture::{Canvas, fitted, link, real, svg};
use crate::model::Grade;
use crate::report::merged::{self, MergedApp, MergedFinding};
use crate::report::prose::Prose;

/// What each column is called in a filter.
pub(super) const KEYS: [&str; 4] = ["app", "category", "recipient", "country"];
/// Nodes of each column; the rest is put together in one.
const NODES: [usize; 4] = [12, 11, 14, 10];
/// Width of the picture.
const WIDTH: f64 = 980.0;
/// Left edge of each column.
const LEFT: [f64; 4] = [158.0, 269.0, 545.0, 821.0];
/// Right edge, where bands leave: labels of inner columns stand between, so that no band runs below them.
const RIGHT: [f64; 4] = [169.0, 467.0, 725.0, 832.0];
/// Width of a node, or of both bars of an inner one.
const NODE: f64 = 11.0;
/// Space between nodes: room for a label even where nodes are thin.
const GAP: f64 = 15.0;
/// Above the nodes: heads of the columns.
const TOP: f64 = 34.0;
/// Passes over the columns that bring neighbours together.
const PASSES: usize = 6;

/// How sure it is that data flowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Transmitted,
    Contacted,
    Inferred,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Transmitted, Self::Contacted, Self::Inferred];

    fn of(grade: Grade) -> Self {
        match grade {
            Grade::Contacted => Self::Contacted,
            Grade::Inferred | Grade::Declared => Self::Inferred,
            Grade::KnownValue | Grade::Decoded | Grade::Shape => Self::Transmitted,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Transmitted => "flow sent",
            Self::Contacted => "flow contacted",
            Self::Inferred => "flow inferred",
        }
    }
}

#[derive(Debug)]
struct Node {
    name: String,
    weight: f64,
    top: f64,
    is_rest: bool,
}

/// What flows between nodes of neighbouring columns.
type Links = BTreeMap<(usize, usize, Kind), f64>;

/// The picture's nodes and links, before and after they have their places.
#[derive(Debug, Default)]
struct Graph {
    columns: [Vec<Node>; 4],
    links: [Links; 3],
}

/// The name of each column that a finding flows through.
fn path(prose: &Prose<'_>, app: &MergedApp<'_>, merged: &MergedFinding<'_>) -> [String; 4] {
    let finding = merged.finding;
    [
        app.name.clone(),
        merged::data(prose, finding).to_owned(),
        merged::party(prose, finding),
        merged::seat(prose, finding),
    ]
}

impl Graph {
    fn of(prose: &Prose<'_>, apps: &[MergedApp<'_>]) -> Self {
        let flows: Vec<([String; 4], Kind)> = apps
            .iter()
            .flat_map(|app| app.findings.iter().map(move |merged| (app, merged)))
            .filter(|(_, merged)| merged.is_flow())
            .map(|(app, merged)| {
                (
                    path(prose, app, merged),
                    Kind::of(merged::grade(merged.finding)),
                )
            })
            .collect();
        let mut graph = Self::default();
        let mut places: [BTreeMap<&str, usize>; 4] = Default::default();
        for (position, column) in graph.columns.iter_mut().enumerate() {
            let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
            for name in flows.iter().filter_map(|(path, _)| path.get(position)) {
                let weight = weights.entry(name).or_default();
                *weight = weight.saturating_add(1);
            }
            let mut names: Vec<(&str, u64)> = weights.into_iter().collect();
            names.sort_by_key(|(name, weight)| (std::cmp::Reverse(*weight), *name));
            let most = NODES.get(position).copied().unwrap_or_default();
            let rest = names.len().saturating_sub(most);
            let Some(place) = places.get_mut(position) else {
                continue;
            };
            for (at, (name, _)) in names.iter().enumerate() {
                place.insert(name, at.min(most));
                if at < most {
                    column.push(Node::named((*name).to_owned(), false));
                }
            }
            if rest > 0 {
                let words = prose.language.pick("others", "weitere");
                column.push(Node::named(format!("{rest} {words}"), true));
            }
        }
        for (path, kind) in &flows {
            let mut through = [0_usize; 4];
            for ((slot, name), place) in through.iter_mut().zip(path).zip(&places) {
                *slot = place.get(name.as_str()).copied().unwrap_or_default();
            }
            for (column, at) in graph.columns.iter_mut().zip(through) {
                if let Some(node) = column.get_mut(at) {
                    node.weight += 1.0;
                }
            }
            let pairs = through.windows(2);
            for (links, pair) in graph.links.iter_mut().zip(pairs) {
                if let [from, to] = *pair {
                    *links.entry((from, to, *kind)).or_default() += 1.0;
                }
            }
        }
        graph
    }

    /// Gives each node its place; returns the height of all, and of one finding.
    fn lay_out(&mut self) -> (f64, f64) {
        let total = self.columns[0].iter().map(|node| node.weight).sum::<f64>();
        let most = self.columns.iter().map(Vec::len).max().unwrap_or_default();
        let height = (real(most) * 26.0).clamp(220.0, 520.0);
        let scale = (height - real(most.saturating_sub(1)) * GAP).max(60.0) / total.max(1.0);
        let mut orders: [Vec<usize>; 4] = Default::default();
        for (order, column) in orders.iter_mut().zip(&self.columns) {
            order.extend(0..column.len());
        }
        self.place(&orders, scale, height);
        for pass in 0..PASSES {
            let ways: [usize; 3] = if pass % 2 == 0 { [1, 2, 3] } else { [2, 1, 0] };
            for position in ways {
                let neighbour = if pass % 2 == 0 {
                    position.saturating_sub(1)
                } else {
                    position.saturating_add(1)
                };
                let middles = self.middles(position, neighbour, scale);
                if let Some(order) = orders.get_mut(position) {
                    let middle = |at: &usize| middles.get(at).copied().unwrap_or(f64::MAX);
                    order.sort_by(|one, other| middle(one).total_cmp(&middle(other)));
                }
                self.place(&orders, scale, height);
            }
        }
        let bottom = self
            .columns
            .iter()
            .filter_map(|column| {
                let ends = column.iter().map(|node| node.top + node.weight * scale);
                ends.reduce(f64::max)
            })
            .fold(TOP + 40.0, f64::max);
        (bottom, scale)
    }

    fn place(&mut self, orders: &[Vec<usize>; 4], scale: f64, height: f64) {
        for (column, order) in self.columns.iter_mut().zip(orders) {
            let filled = column.iter().map(|node| node.weight * scale).sum::<f64>()
                + real(column.len().saturating_sub(1)) * GAP;
            let mut top = TOP + ((height - filled) / 2.0).max(0.0);
            for at in order {
                if let Some(node) = column.get_mut(*at) {
                    node.top = top;
                    top += node.weight * scale + GAP;
                }
            }
        }
    }

    /// The weighted middle of each node's neighbours in another column.
    fn middles(&self, position: usize, neighbour: usize, scale: f64) -> BTreeMap<usize, f64> {
        let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        let Some(links) = self.links.get(position.min(neighbour)) else {
            return BTreeMap::new();
        };
        for ((from, to, _), weight) in links {
            let (own, other) = if position < neighbour {
                (*from, *to)
            } else {
                (*to, *from)
            };
            let node = self
                .columns
                .get(neighbour)
                .and_then(|nodes| nodes.get(other));
            let middle = node.map_or(0.0, |node| node.top + node.weight * scale / 2.0);
            let sum = sums.entry(own).or_default();
            sum.0 += middle * weight;
            sum.1 += weight;
        }
        let mean = |(at, (sum, weight)): (usize, (f64, f64))| (at, sum / f64::max(weight, 1.0));
        sums.into_iter().map(mean).collect()
    }

    /// Ends of each link: where it leaves its left node and where it reaches the right one.
    fn ends(&self, position: usize, scale: f64) -> BTreeMap<(usize, usize, Kind), (f64, f64)> {
        let mut ends = BTreeMap::new();
        let (Some(links), Some(left), Some(right)) = (
            self.links.get(position),
            self.columns.get(position),
            self.columns.get(position.saturating_add(1)),
        ) else {
            return ends;
        };
        let top = |column: &[Node], at: usize| column.get(at).map_or(0.0, |node| node.top);
        let mut leaving: Vec<_> = links.iter().collect();
        leaving.sort_by(|((_, one, kind), _), ((_, other, their), _)| {
            top(right, *one)
                .total_cmp(&top(right, *other))
                .then(kind.cmp(their))
        });
        let mut used: BTreeMap<usize, f64> = BTreeMap::new();
        for (key, weight) in leaving {
            let taken = used.entry(key.0).or_default();
            ends.insert(*key, (top(left, key.0) + *taken, 0.0));
            *taken += weight * scale;
        }
        let mut reaching: Vec<_> = links.iter().collect();
        reaching.sort_by(|((one, _, kind), _), ((other, _, their), _)| {
            top(left, *one)
                .total_cmp(&top(left, *other))
                .then(kind.cmp(their))
        });
        let mut used: BTreeMap<usize, f64> = BTreeMap::new();
        for (key, weight) in reaching {
            let taken = used.entry(key.1).or_default();
            if let Some(end) = ends.get_mut(key) {
                end.1 = top(right, key.1) + *taken;
            }
            *taken += weight * scale;
        }
        ends
    }
}

impl Node {
    fn named(name: String, is_rest: bool) -> Self {
        Self {
            name,
            weight: 0.0,
            top: 0.0,
            is_rest,
        }
    }
}

/// Draws it. Nothing if nothing flows.
pub(super) fn draw(prose: &Prose<'_>, apps: &[MergedApp<'_>], canvas: Canvas) -> Option<Markup> {
    let mut graph = Graph::of(prose, apps);
    if graph.columns[0].is_empty() {
        return None;
    }
    let (bottom, scale) = graph.lay_out();
    let language = prose.language;
    let title = language.pick("Flows of data", "Datenflüsse");
    let about = language.pick(
        "From apps over kinds of data and recipients to the countries of their seats; a band is as thick as the number of different findings.",
        "Von Apps über Arten von Daten und Empfänger zu den Ländern ihrer Sitze; ein Band ist so dick wie die Zahl verschiedener Befunde.",
    );
    let height = bottom + 44.0;
    let markup = svg(canvas, (WIDTH, height), (title, about), |out| {
        heads(prose, out);
        for position in 0..graph.links.len() {
            draw_links(&graph, position, scale, out);
        }
        for (position, column) in graph.columns.iter().enumerate() {
            for node in column {
                draw_node(node, position, scale, canvas, out);
            }
        }
        legend(prose, bottom + 26.0, out);
    });
    Some(markup)
}

fn heads(prose: &Prose<'_>, out: &mut Markup) {
    let texts = prose.texts;
    let heads = [
        texts.column_app,
        prose.language.pick("Data", "Daten"),
        prose.language.pick("Recipient", "Empfänger"),
        prose.language.pick("Country of seat", "Land des Sitzes"),
    ];
    for (position, (head, left)) in heads.iter().zip(LEFT).enumerate() {
        let (x, anchor) = if position == 0 {
            (left + NODE, "end")
        } else {
            (left, "start")
        };
        let x = format!("{x:.1}");
        out.element(
            "text",
            &[
                ("class", &"head"),
                ("x", &x),
                ("y", &"14"),
                ("text-anchor", &anchor),
            ],
            head,
        );
    }
}

fn draw_links(graph: &Graph, position: usize, scale: f64, out: &mut Markup) {
    let (Some(links), Some(left), Some(right)) = (
        graph.links.get(position),
        graph.columns.get(position),
        graph.columns.get(position.saturating_add(1)),
    ) else {
        return;
    };
    let from = RIGHT.get(position).copied().unwrap_or_default();
    let to = LEFT.get(position.saturating_add(1));
    let to = to.copied().unwrap_or_default();
    let middle = f64::midpoint(from, to);
    for (key, (start, end)) in graph.ends(position, scale) {
        let thick = links.get(&key).copied().unwrap_or_default() * scale;
        let (below, beneath) = (start + thick, end + thick);
        let shape = format!(
            "M{from:.1} {start:.1}C{middle:.1} {start:.1} {middle:.1} {end:.1} {to:.1} {end:.1}V{beneath:.1}C{middle:.1} {beneath:.1} \
             {middle:.1} {below:.1} {from:.1} {below:.1}Z"
        );
        let name = |column: &[Node], at: usize| {
            column
                .get(at)
                .map(|node| node.name.clone())
                .unwrap_or_default()
        };
        let (one, other) = (name(left, key.0), name(right, key.1));
        out.within(
            "path",
            &[
                ("class", &key.2.class()),
                ("d", &shape),
                ("data-step", &position),
                ("data-from", &one),
                ("data-to", &other),
            ],
            |path| path.element("title", &[], &format!("{one} → {other}")),
        );
    }
    out.line();
}

fn draw_node(node: &Node, position: usize, scale: f64, canvas: Canvas, out: &mut Markup) {
    let left = LEFT.get(position).copied().unwrap_or_default();
    let key = KEYS.get(position).copied().unwrap_or_default();
    let height = (node.weight * scale).max(2.0);
    let middle = node.top + node.weight * scale / 2.0;
    let right = RIGHT.get(position).copied().unwrap_or_default();
    let is_inner = right - left > NODE;
    // What stands beside, or between both bars.
    let room = match position {
        0 => left - 9.0,
        _ if is_inner => right - left - NODE - 4.0,
        _ => WIDTH - left - NODE - 8.0,
    };
    let shown = fitted(&node.name, room);
    let draw = |out: &mut Markup| {
        let y = format!("{:.1}", node.top);
        let height = format!("{height:.1}");
        let mut bar = |x: f64, width: f64| {
            let (x, width) = (format!("{x:.1}"), format!("{width:.1}"));
            out.element(
                "rect",
                &[
                    ("class", &"node"),
                    ("x", &x),
                    ("y", &y),
                    ("width", &width),
                    ("height", &height),
                    ("rx", &"2"),
                ],
                &"",
            );
        };
        if is_inner {
            // One bar where bands arrive, one where they leave, the label between.
            bar(left, NODE / 2.0);
            bar(right - NODE / 2.0, NODE / 2.0);
        } else {
            bar(left, NODE);
        }
        let (x, anchor) = match position {
            0 => (left - 7.0, "end"),
            _ if is_inner => (f64::midpoint(left, right), "middle"),
            _ => (left + NODE + 6.0, "start"),
        };
        let (x, y) = (format!("{x:.1}"), format!("{:.1}", middle + 4.3));
        out.within(
            "text",
            &[
                ("class", &"name"),
                ("x", &x),
                ("y", &y),
                ("text-anchor", &anchor),
            ],
            |label| {
                label.text(&shown);
                label.element("title", &[], &node.name);
            },
        );
    };
    if node.is_rest {
        out.within("g", &[("class", &"rest")], draw);
    } else {
        link(canvas, key, &node.name, out, draw);
    }
    out.line();
}

fn legend(prose: &Prose<'_>, y: f64, out: &mut Markup) {
    let language = prose.language;
    let mut x = LEFT[0];
    for kind in Kind::ALL {
        let words = match kind {
            Kind::Transmitted => language.pick("transmitted", "übertragen"),
            Kind::Contacted => language.pick(
                "only contacted, contents not visible",
                "nur kontaktiert, Inhalt nicht sichtbar",
            ),
            Kind::Inferred => language.pick("inferred", "gefolgert"),
        };
        let (left, top) = (format!("{x:.1}"), format!("{:.1}", y - 9.0));
        out.element(
            "rect",
            &[
                ("class", &kind.class()),
                ("x", &left),
                ("y", &top),
                ("width", &"22"),
                ("height", &"11"),
            ],
            &"",
        );
        let (left, top) = (format!("{:.1}", x + 29.0), format!("{y:.1}"));
        out.element(
            "text",
            &[("class", &"key"), ("x", &left), ("y", &top)],
            &words,
        );
        x += 29.0 + real(words.chars().count()) * 6.6 + 24.0;
    }
}
