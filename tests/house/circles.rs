//! No circle of files: whoever reads a file and what it uses comes to an end.
//!
//! The graph is built from the sources as text: `use` statements and paths, where a name that a `mod.rs` re-exports
//! counts as the file's that defines it. Methods are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::rooms;

/// A path as modules and names: `crate::seal::Opener` is `["seal", "Opener"]`.
type Names = Vec<String>;

/// A file of the crate, as a module.
struct Module {
    file: PathBuf,
    code: String,
    /// What each name means that a `use` brings in, and whether the `use` is a re-export.
    imports: BTreeMap<String, (Names, bool)>,
    /// Where `use ...::*` takes names from.
    globs: Vec<Names>,
}

/// The crate's modules by their paths.
struct Graph(BTreeMap<Names, Module>);

impl Graph {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut modules = BTreeMap::new();
        for (path, code) in rooms::rooms().iter().flat_map(|room| rooms::sources(room)) {
            let file = path.strip_prefix(&root).unwrap().to_path_buf();
            let names = file.with_extension("");
            let mut names: Names = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
            names.pop_if(|last| last == "mod");
            modules.insert(names, Module { file, code, imports: BTreeMap::new(), globs: Vec::new() });
        }
        let mut graph = Graph(modules);
        for module in graph.0.keys().cloned().collect::<Vec<_>>() {
            graph.read_imports(&module);
        }
        graph
    }

    /// Takes the `use` statements out of a module's code and notes what they bring in.
    fn read_imports(&mut self, module: &Names) {
        let (mut rest, mut uses) = (String::new(), Vec::new());
        let mut statement: Option<(String, bool)> = None;
        for line in self.0[module].code.lines() {
            let text = line.trim_start();
            let exported = text.strip_prefix("pub").map(|text| text.trim_start_matches("(crate)"));
            let exported = exported.map(|text| text.trim_start_matches("(super)").trim_start());
            if statement.is_none() && exported.unwrap_or(text).starts_with("use ") {
                statement = Some((String::new(), exported.is_some()));
            }
            match &mut statement {
                Some((collected, _)) => collected.push_str(line),
                None => rest.extend([line, "\n"]),
            }
            if let Some((text, exported)) = statement.take_if(|(text, _)| text.contains(';')) {
                let text = text.split_once("use ").unwrap().1.split(';').next().unwrap().to_owned();
                uses.push((text, exported));
            }
        }
        let (mut imports, mut globs) = (BTreeMap::new(), Vec::new());
        for (tree, exported) in uses {
            for (path, name) in leaves(&tree) {
                let Some(path) = self.absolute(module, &path, &imports) else { continue };
                match name.as_str() {
                    "*" => globs.push(path),
                    _ => drop(imports.insert(name, (path, exported))),
                }
            }
        }
        let module = self.0.get_mut(module).unwrap();
        (module.code, module.imports, module.globs) = (rest, imports, globs);
    }

    /// A path from the crate's root, if it is one of the crate.
    fn absolute(&self, module: &Names, path: &[String], imports: &BTreeMap<String, (Names, bool)>) -> Option<Names> {
        let (mut base, mut path) = (module.clone(), path);
        match path.first()?.as_str() {
            "crate" => (base, path) = (Vec::new(), &path[1..]),
            "self" => path = &path[1..],
            "super" => {
                while path.first().is_some_and(|name| name == "super") {
                    base.pop()?;
                    path = &path[1..];
                }
            }
            first => match imports.get(first) {
                Some((target, _)) => (base, path) = (target.clone(), &path[1..]),
                None => self.0.get(&[module.as_slice(), &path[..1]].concat()).map(drop)?,
            },
        }
        Some([base.as_slice(), path].concat())
    }

    /// The module whose file a path comes down to; `None` for one that only names a folder.
    fn file_of(&self, path: &[String], depth: usize) -> Option<Names> {
        let known = (0..=path.len()).rev().find(|n| self.0.contains_key(&path[..*n]))?;
        let (at, rest) = path.split_at(known);
        let module = &self.0[at];
        let is_folder = module.file.ends_with("mod.rs");
        let Some(name) = rest.first() else { return (!is_folder).then(|| at.to_vec()) };
        let defined = ["fn", "struct", "enum", "trait", "type", "const", "static", "union"]
            .iter()
            .any(|kind| rooms::mentions(&module.code, &format!("{kind} {name}")));
        if defined || depth == 0 {
            return Some(at.to_vec());
        }
        if let Some((target, _)) = module.imports.get(name) {
            return self.file_of(&[target.as_slice(), &rest[1..]].concat(), depth - 1);
        }
        let mut through = module.globs.iter().filter_map(|glob| {
            self.file_of(&[glob.as_slice(), rest].concat(), depth - 1).filter(|found| found != glob || !is_folder)
        });
        through.next_back().or_else(|| Some(at.to_vec()))
    }

    /// The modules whose files a module's file uses.
    fn used_by(&self, module: &Names) -> BTreeSet<Names> {
        let own = &self.0[module];
        let is_folder = own.file.ends_with("mod.rs");
        // what a folder re-exports it does not use
        let imported =
            own.imports.values().filter(|(_, exported)| !is_folder || !exported).map(|(path, _)| path.clone());
        let named = paths(&own.code).into_iter().filter_map(|path| self.absolute(module, &path, &own.imports));
        let mut used: BTreeSet<Names> = imported.chain(named).filter_map(|path| self.file_of(&path, 8)).collect();
        used.remove(module);
        used
    }

    /// All circles: sets of files each of which uses, over others, itself.
    fn circles(&self) -> Vec<BTreeSet<PathBuf>> {
        let used: BTreeMap<_, _> = self.0.keys().map(|module| (module, self.used_by(module))).collect();
        let reached: BTreeMap<_, _> = self.0.keys().map(|module| (module, reach(module, &used))).collect();
        let mut circles = BTreeSet::new();
        for (module, to) in &reached {
            let circle: BTreeSet<_> = to.iter().filter(|other| reached[other].contains(*module)).collect();
            if circle.len() > 1 {
                circles.insert(circle.into_iter().map(|module| self.0[module].file.clone()).collect());
            }
        }
        circles.into_iter().collect()
    }
}

/// All that is used from `module` on.
fn reach(module: &Names, used: &BTreeMap<&Names, BTreeSet<Names>>) -> BTreeSet<Names> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![module]);
    while let Some(module) = next.pop() {
        next.extend(used[module].iter().filter(|other| reached.insert((*other).clone())));
    }
    reached
}

/// The paths that a `use` tree names, each with the name that it brings in.
fn leaves(tree: &str) -> Vec<(Names, String)> {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").unwrap_or((tree, tree));
        let mut path: Names = path.split("::").map(|name| name.trim().to_owned()).collect();
        let name = name.rsplit("::").next().unwrap_or_default().trim().to_owned();
        path.pop_if(|last| last == "*");
        return vec![(path, name)];
    };
    let head: Names = head.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let (mut items, mut depth) = (vec![String::new()], 0);
    for c in group[..group.rfind('}').unwrap_or(group.len())].chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match (c, depth) {
            (',', 0) => items.push(String::new()),
            _ => items.last_mut().unwrap().push(c),
        }
    }
    let items = items.iter().filter(|item| !item.trim().is_empty());
    items
        .flat_map(|item| leaves(item))
        .map(|(path, name)| match path.as_slice() {
            [only] if only == "self" => (head.clone(), head.last().unwrap().clone()),
            _ => ([head.as_slice(), &path].concat(), name),
        })
        .collect()
}

/// The paths of at least two names that stand in some code.
fn paths(code: &str) -> BTreeSet<Names> {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let paths = words.filter(|word| word.contains("::"));
    let names = paths.map(|path| path.split("::").take_while(|n| !n.is_empty() && !n.contains(':')).map(str::to_owned));
    names.map(Iterator::collect).filter(|path: &Names| path.len() > 1).collect()
}

#[test]
fn the_reader_of_paths_sees_what_it_should() {
    let names = |text: &str| -> Names { text.split("::").map(str::to_owned).collect() };
    let found = leaves("crate::{seal::{self, Opener}, keys::Trust as T, base::*}");
    let expected =
        [("crate::seal", "seal"), ("crate::seal::Opener", "Opener"), ("crate::keys::Trust", "T"), ("crate::base", "*")];
    assert_eq!(found, expected.map(|(path, name)| (names(path), name.to_owned())));
    assert_eq!(paths("a(super::b::c(1), D::<e::f>::g)"), BTreeSet::from([names("super::b::c"), names("e::f")]));
    let graph = Graph::read();
    let file = |path: &str| graph.file_of(&names(path), 8).map(|module| graph.0[&module].file.clone());
    assert_eq!(file("format::Track").unwrap(), Path::new("format/track.rs"), "through a re-export");
    assert_eq!(file("format::limits::TRACKS").unwrap(), Path::new("format/limits.rs"));
    assert_eq!(file("format"), None);
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = Graph::read().circles();
    assert!(circles.is_empty(), "circles of files:\n{circles:#?}");
}
