//! XML of cameras, in bounds: elements in their order, without namespaces, and no entity but XML's own.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Most elements, and how deep they may be.
const MAX_ELEMENTS: usize = 20_000;
const MAX_DEPTH: usize = 64;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without its namespace.
    pub name: String,
    depth: usize,
    attributes: Vec<(String, String)>,
    /// What stands directly in it.
    pub text: String,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All elements; `None` for what is no XML, or too much.
pub(super) fn parse(bytes: &[u8]) -> Option<Vec<Element>> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let (mut all, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                all.push(element(&start, open.len())?);
                open.push(all.len() - 1);
            }
            Event::Empty(start) => all.push(element(&start, open.len())?),
            Event::End(_) => drop(open.pop()?),
            Event::Text(part) => add(&mut all, &open, &part.decode().ok()?),
            Event::CData(part) => add(&mut all, &open, &part.decode().ok()?),
            Event::GeneralRef(reference) => {
                let name = reference.decode().ok()?;
                let character = reference.resolve_char_ref().ok()?.map(String::from);
                let known = || quick_xml::escape::resolve_xml_entity(&name).map(str::to_owned);
                add(&mut all, &open, &character.or_else(known)?);
            }
            // entities are made there
            Event::DocType(_) => return None,
            Event::Eof => return open.is_empty().then_some(all),
            _ => {}
        }
        if all.len() > MAX_ELEMENTS || open.len() > MAX_DEPTH {
            return None;
        }
    }
}

fn element(start: &BytesStart<'_>, depth: usize) -> Option<Element> {
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = name(&attribute.value);
        let value = quick_xml::escape::unescape(&value).ok()?.into_owned();
        attributes.push((name(attribute.key.local_name().as_ref()), value));
    }
    Some(Element { name: name(start.local_name().as_ref()), depth, attributes, text: String::new() })
}

fn add(all: &mut [Element], open: &[usize], text: &str) {
    if let Some(element) = open.last().and_then(|at| all.get_mut(*at)) {
        element.text.push_str(text);
    }
}

/// The elements of that name, each with what is in it.
pub(super) fn all_of<'a>(all: &'a [Element], name: &str) -> impl Iterator<Item = &'a [Element]> {
    all.iter().enumerate().filter(move |(_, element)| element.name == name).map(|(at, element)| {
        let rest = all.get(at..).unwrap_or_default();
        let length = rest.iter().skip(1).take_while(|inner| inner.depth > element.depth).count();
        rest.get(..=length).unwrap_or_default()
    })
}

/// The text of the first element of that name.
pub(super) fn text<'a>(all: &'a [Element], name: &str) -> Option<&'a str> {
    all.iter().find(|element| element.name == name).map(|element| element.text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_with_what_is_in_them() {
        let all = parse(
            b"<?xml version='1.0'?><e:E xmlns:e='x'><a:P token=\"t&amp;1\"><N>one &amp; &#50;</N></a:P><P><N><![CDATA[<two>]]></N></P><P/></e:E>",
        )
        .unwrap();
        let found: Vec<_> = all_of(&all, "P").map(|p| (p.len(), text(p, "N"))).collect();
        assert_eq!(found, [(2, Some("one & 2")), (2, Some("<two>")), (1, None)]);
        assert_eq!(all[1].attribute("token"), Some("t&1"));
    }

    #[test]
    fn what_is_too_much_or_no_xml_is_none() {
        let deep = "<a>".repeat(100) + &"</a>".repeat(100);
        let many = "<a/>".repeat(30_000);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"cccc\">]><a>&b;</a>";
        for bad in [&deep, &many, bomb, "<a>", "</a>", "<a></b>", "<a>&b;</a>"] {
            assert_eq!(parse(bad.as_bytes()), None, "{}", &bad[..bad.len().min(40)]);
        }
    }
}
