//! Finding a place in the tree by its name or its path.
use crate::domain::{id::ScopeId, role::ScopeKind, text::fold};

/// A place that may be the one that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPlace {
    /// Which.
    pub id: ScopeId,
    /// What kind of place it is.
    pub kind: ScopeKind,
    /// The folded names on the way from the organisation to it, itself last.
    pub path: Vec<String>,
}

/// What a name or path comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This place.
    One(ScopeId, ScopeKind),
    /// Several, which the name does not tell apart.
    Several(usize),
    /// None.
    None,
}

/// The names by which a place could be listed that `said` may mean: the whole text, and the last part of a path.
#[must_use]
pub fn names(said: &str) -> Vec<String> {
    let whole = fold(said);
    let last = parts(said).pop();
    std::iter::once(whole).chain(last).collect()
}

/// The folded parts of a path.
fn parts(said: &str) -> Vec<String> {
    said.split(['/', '>', '\\']).map(fold).filter(|part| !part.is_empty()).collect()
}

/// Finds the place that `said` means among those `known`; a bare slash, or nothing, is the organisation.
#[must_use]
pub fn find(said: &str, known: &[KnownPlace]) -> Found {
    let wanted = parts(said);
    if wanted.is_empty() {
        return Found::One(ScopeId::ROOT, ScopeKind::Organization);
    }
    let whole = [fold(said)];
    let ends_with = |tail: &[String]| {
        known.iter().filter(|place| place.path.ends_with(tail)).collect::<Vec<_>>()
    };
    let mut found = ends_with(&wanted);
    if found.is_empty() {
        found = ends_with(&whole);
    }
    // A path from the very top is meant as it stands, though a longer one may end like it.
    let exactly = found.iter().find(|place| {
        place.path == wanted || place.path.get(1..).is_some_and(|below| below == wanted)
    });
    match (exactly, found.as_slice()) {
        (Some(place), _) if wanted.len() > 1 => Found::One(place.id, place.kind),
        (_, []) => Found::None,
        (_, [place]) => Found::One(place.id, place.kind),
        (_, several) => Found::Several(several.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &[&str]) -> KnownPlace {
        KnownPlace {
            id: ScopeId::new(),
            kind: ScopeKind::System,
            path: path.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_place_is_found_by_its_name_or_by_its_path() {
        let known = [
            place(&["company", "production", "shop"]),
            place(&["company", "staging", "shop"]),
            place(&["company", "billing"]),
            place(&["company", "a/b"]),
            place(&["company", "old", "production", "shop"]),
        ];
        let is = |said: &str, index: usize| {
            assert_eq!(
                find(said, &known),
                Found::One(known[index].id, known[index].kind),
                "{said}"
            );
        };
        is("Billing", 2);
        is("Staging / Shop", 1);
        is("staging>shop", 1);
        is("Company/Staging/SHOP", 1);
        is("Production / Shop", 0);
        is("old/production/shop", 4);
        is("A/B", 3);
        assert_eq!(find("shop", &known), Found::Several(3));
        assert_eq!(find("nowhere", &known), Found::None);
        for root in ["", " / ", "/"] {
            assert_eq!(find(root, &known), Found::One(ScopeId::ROOT, ScopeKind::Organization));
        }
    }
}
