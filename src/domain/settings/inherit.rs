//! How terms are inherited: the nearest scope that says something of its own wins, field by field, unless a scope above it
//! enforces that field.
use std::collections::BTreeMap;

use super::{Field, Fields, Settings};
use crate::domain::fault::FieldError;

/// What a scope says about a role: its own fields, and which of them nobody below may change. Whatever `settings` has in
/// fields that are not its own means nothing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Declared {
    /// The values of its own fields.
    pub settings: Settings,
    /// Its own fields.
    pub own: Fields,
    /// Those of its own that count everywhere below.
    pub enforced: Fields,
}

impl Declared {
    /// Everything is its own, and nothing enforced: what the organisation says.
    #[must_use]
    pub fn whole(settings: Settings) -> Self {
        Self { settings, own: Field::all(), enforced: Fields::new() }
    }

    /// What is wrong with it, at the organisation or below, where `locked` are enforced from above and `before` were its
    /// own already; empty if nothing is.
    #[must_use]
    pub fn faults(&self, is_root: bool, locked: &Fields, before: &Fields) -> Vec<FieldError> {
        let mut faults = Vec::new();
        if is_root && self.own.len() < Field::ALL.len() {
            let message = "the organisation inherits nothing: all fields are its own".to_owned();
            faults.push(FieldError::new("own", message));
        }
        if !self.enforced.is_subset(&self.own) {
            let message = "only what is set here can be enforced below".to_owned();
            faults.push(FieldError::new("enforced", message));
        }
        // What was its own before it was locked is kept for the day when the lock goes.
        for field in self.own.intersection(locked).filter(|field| !before.contains(field)) {
            let message = "this is enforced from above and cannot be changed here".to_owned();
            faults.push(FieldError::new(field.name(), message));
        }
        faults
    }

    /// Whether it says the same as `other`.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.own == other.own
            && self.enforced == other.enforced
            && self.own.iter().all(|field| field.same(&self.settings, &other.settings))
    }
}

/// Where the value of a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which link of the chain says it, counted from the organisation, which is 0.
    pub level: usize,
    /// Whether it is enforced there, so that nobody below may say otherwise.
    pub enforced: bool,
}

/// The terms in force at the end of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The terms.
    pub settings: Settings,
    sources: BTreeMap<Field, Source>,
}

impl Effective {
    /// Where a field comes from.
    #[must_use]
    pub fn source(&self, field: Field) -> Source {
        self.sources.get(&field).copied().unwrap_or(Source { level: 0, enforced: false })
    }

    /// The fields that somebody at `level` or below may not change: those enforced above it.
    #[must_use]
    pub fn locked_at(&self, level: usize) -> Fields {
        let locked = |source: &Source| source.enforced && source.level < level;
        self.sources.iter().filter(|(_, source)| locked(source)).map(|(field, _)| *field).collect()
    }
}

/// The terms at the end of a chain that begins with what the organisation says and goes `below` from scope to scope.
#[must_use]
pub fn resolve(organisation: &Declared, below: &[Declared]) -> Effective {
    let source = |level, declared: &Declared, field| Source {
        level,
        enforced: declared.enforced.contains(&field),
    };
    let mut settings = organisation.settings.clone();
    let mut sources: BTreeMap<_, _> =
        Field::all().into_iter().map(|field| (field, source(0, organisation, field))).collect();
    for (index, declared) in below.iter().enumerate() {
        for (field, from) in &mut sources {
            if declared.own.contains(field) && !from.enforced {
                field.copy(&declared.settings, &mut settings);
                *from = source(index + 1, declared, *field);
            }
        }
    }
    Effective { settings, sources }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::samples, *};
    use crate::domain::time::Duration;

    fn hours(hours: u32) -> Settings {
        let mut settings = samples::settings(1);
        settings.activation.maximum = Duration::hours(hours);
        settings
    }

    fn declared(settings: Settings, own: &[Field], enforced: &[Field]) -> Declared {
        Declared {
            settings,
            own: own.iter().copied().collect(),
            enforced: enforced.iter().copied().collect(),
        }
    }

    #[test]
    fn the_nearest_scope_that_says_something_wins_field_by_field() {
        let organisation = Declared::whole(hours(8));
        let folder = declared(hours(4), &[Field::Maximum], &[]);
        let mut system = declared(samples::settings(2), &[Field::RequiresTicket], &[]);
        system.settings.activation.maximum = Duration::hours(1);
        let effective = resolve(&organisation, &[folder, system]);
        assert_eq!(effective.settings.activation.maximum, Duration::hours(4));
        assert_eq!(effective.source(Field::Maximum).level, 1);
        assert!(!effective.settings.activation.requires_ticket);
        assert_eq!(effective.source(Field::RequiresTicket).level, 2);
        assert_eq!(effective.source(Field::RequiresApproval).level, 0);
    }

    #[test]
    fn what_is_enforced_above_wins_and_of_several_the_topmost() {
        let mut organisation = Declared::whole(hours(8));
        let folder = declared(hours(4), &[Field::Maximum], &[Field::Maximum]);
        let system = declared(hours(2), &[Field::Maximum], &[]);
        let chain = [folder, system];
        let effective = resolve(&organisation, &chain);
        assert_eq!(effective.settings.activation.maximum, Duration::hours(4));
        assert_eq!(effective.locked_at(2), [Field::Maximum].into());
        assert!(effective.locked_at(1).is_empty(), "whoever enforces may change it");
        organisation.enforced.insert(Field::Maximum);
        let effective = resolve(&organisation, &chain);
        assert_eq!(effective.settings.activation.maximum, Duration::hours(8));
        assert_eq!(effective.source(Field::Maximum), Source { level: 0, enforced: true });
        organisation.enforced.clear();
        assert_eq!(resolve(&organisation, &chain).settings.activation.maximum, Duration::hours(4));
    }

    #[test]
    fn a_scope_can_neither_set_what_is_locked_nor_enforce_what_it_does_not_set() {
        let locked: Fields = [Field::Maximum].into();
        let setting = declared(hours(1), &[Field::Maximum], &[]);
        let fields = |faults: Vec<FieldError>| -> Vec<_> {
            faults.into_iter().map(|fault| fault.field).collect()
        };
        assert_eq!(fields(setting.faults(false, &locked, &Fields::new())), ["maximum"]);
        assert_eq!(setting.faults(false, &locked, &locked), []);
        assert_eq!(fields(setting.faults(true, &Fields::new(), &locked)), ["own"]);
        let enforcing = declared(hours(1), &[], &[Field::Maximum]);
        assert_eq!(fields(enforcing.faults(false, &Fields::new(), &locked)), ["enforced"]);
    }

    fn any_fields() -> impl Strategy<Value = Fields> {
        proptest::collection::btree_set(
            proptest::sample::select(Field::all().into_iter().collect::<Vec<_>>()),
            0..16,
        )
    }

    fn any_declared() -> impl Strategy<Value = Declared> {
        (0..4_u8, any_fields(), any_fields()).prop_map(|(sample, own, marked)| {
            let enforced = own.intersection(&marked).copied().collect();
            Declared { settings: samples::settings(sample), own, enforced }
        })
    }

    fn any_organisation() -> impl Strategy<Value = Declared> {
        (0..4_u8, any_fields()).prop_map(|(sample, enforced)| Declared {
            enforced,
            ..Declared::whole(samples::settings(sample))
        })
    }

    proptest! {
        /// The rule once more, said the long way round.
        #[test]
        fn the_topmost_enforced_or_else_the_nearest(
            organisation in any_organisation(),
            below in proptest::collection::vec(any_declared(), 0..5),
        ) {
            let effective = resolve(&organisation, &below);
            let chain: Vec<_> = std::iter::once(&organisation).chain(&below).collect();
            for field in Field::all() {
                let enforcing = chain.iter().position(|link| link.enforced.contains(&field));
                let nearest = chain.iter().rposition(|link| link.own.contains(&field)).unwrap();
                let level = enforcing.unwrap_or(nearest);
                prop_assert!(field.same(&effective.settings, &chain[level].settings));
                prop_assert_eq!(
                    effective.source(field),
                    Source { level, enforced: enforcing.is_some() }
                );
            }
        }

        /// A scope that only inherits changes nothing, wherever it stands, and nor does what it holds in inherited fields.
        #[test]
        fn who_inherits_changes_nothing(
            organisation in any_organisation(),
            below in proptest::collection::vec(any_declared(), 0..5),
            place in 0..5_usize,
            sample in 0..4_u8,
        ) {
            let before = resolve(&organisation, &below).settings;
            let mut longer = below.clone();
            let silent = declared(samples::settings(sample), &[], &[]);
            longer.insert(place.min(below.len()), silent);
            prop_assert_eq!(&resolve(&organisation, &longer).settings, &before);
            let filled: Vec<_> = below
                .into_iter()
                .map(|mut link| {
                    for field in Field::all().difference(&link.own) {
                        field.copy(&samples::settings(sample), &mut link.settings);
                    }
                    link
                })
                .collect();
            prop_assert_eq!(&resolve(&organisation, &filled).settings, &before);
        }

        /// What is written as effective can be built upon: resolving in two steps is resolving in one.
        #[test]
        fn step_by_step_is_the_same_as_at_once(
            organisation in any_organisation(),
            above in proptest::collection::vec(any_declared(), 0..3),
            below in proptest::collection::vec(any_declared(), 0..3),
        ) {
            let middle = resolve(&organisation, &above);
            let written = Declared {
                enforced: middle.locked_at(usize::MAX),
                ..Declared::whole(middle.settings)
            };
            let whole: Vec<_> = above.into_iter().chain(below.clone()).collect();
            prop_assert_eq!(
                resolve(&written, &below).settings,
                resolve(&organisation, &whole).settings
            );
        }
    }
}
