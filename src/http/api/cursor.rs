//! Where a page of a list ends, as a text that only this installation makes and reads.
use data_encoding::BASE64URL_NOPAD;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::Error,
    secret::{self, Keys},
};

/// How many bytes of the tag are kept: 128 bits.
const TAG: usize = 16;

/// The lists that have pages. A cursor of one does not fit another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Requests,
    ChangeRequests,
    Assignments,
    Expiring,
    People,
    Extent,
    Search,
    Holders,
    Applications,
    AuditEvents,
    Standing,
    Imports,
    ImportRows,
    Conversions,
    Deliveries,
    Emergencies,
}

impl List {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Requests => b"requests",
            Self::ChangeRequests => b"change requests",
            Self::Assignments => b"assignments",
            Self::Expiring => b"expiring",
            Self::People => b"people",
            Self::Extent => b"extent",
            Self::Search => b"search",
            Self::Holders => b"holders",
            Self::Applications => b"applications",
            Self::AuditEvents => b"audit events",
            Self::Standing => b"standing access",
            Self::Imports => b"imports",
            Self::ImportRows => b"import rows",
            Self::Conversions => b"conversions",
            Self::Deliveries => b"deliveries",
            Self::Emergencies => b"emergencies",
        }
    }

    /// The cursor of the page that goes on after `position`.
    pub(super) fn write(self, keys: &Keys, position: &impl Serialize) -> String {
        let position = serde_json::to_vec(position).unwrap_or_default();
        BASE64URL_NOPAD.encode(&[self.tag(keys, &position).as_slice(), &position].concat())
    }

    /// Reads the position that [`List::write`] was given; none without a cursor.
    pub(super) fn read<Position: DeserializeOwned>(
        self,
        keys: &Keys,
        cursor: Option<&str>,
    ) -> Result<Option<Position>, Error> {
        let foreign =
            || Error::invalid("cursor", "take it from the field `next` of the page before");
        let Some(cursor) = cursor else { return Ok(None) };
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| foreign())?;
        let (shown, position) = bytes.split_first_chunk::<TAG>().ok_or_else(foreign)?;
        if !secret::equal(shown, &self.tag(keys, position)) {
            return Err(foreign());
        }
        serde_json::from_slice(position).map(Some).map_err(|_| foreign())
    }

    fn tag(self, keys: &Keys, position: &[u8]) -> [u8; TAG] {
        let whole = keys.cursor_tag(&[self.name(), b"\0", position].concat());
        let mut tag = [0; TAG];
        tag.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
        tag
    }
}

/// Where a page ends that others may follow: the last of what was found, if that is as much as a page has.
pub(super) fn end<T>(found: &[T], page: i64) -> Option<&T> {
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= page;
    found.last().filter(|_| is_full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            id::{PersonId, RequestId},
            time::Instant,
        },
        secret::MasterKey,
    };

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_list_only() {
        let keys = Keys::derive(&MasterKey::random());
        let at: Instant = "2026-11-22T10:00:00.000001Z".parse().unwrap();
        let place = (at, RequestId::new());
        let cursor = List::Requests.write(&keys, &place);
        let read = |list: List, keys: &Keys| list.read::<(Instant, RequestId)>(keys, Some(&cursor));
        assert_eq!(read(List::Requests, &keys).unwrap(), Some(place));
        assert!(read(List::People, &keys).is_err());
        assert!(read(List::Requests, &Keys::derive(&MasterKey::random())).is_err());
    }

    #[test]
    fn a_place_is_whatever_the_list_is_ordered_by() {
        let keys = Keys::derive(&MasterKey::random());
        let place = ("Ada \"Ä\"".to_owned(), PersonId::new());
        let cursor = List::People.write(&keys, &(&place.0, place.1));
        let read = List::People.read::<(String, PersonId)>(&keys, Some(&cursor));
        assert_eq!(read.unwrap(), Some(place));
        let cursor = List::ImportRows.write(&keys, &i32::MAX);
        let read = List::ImportRows.read::<i32>(&keys, Some(&cursor));
        assert_eq!(read.unwrap(), Some(i32::MAX));
    }

    #[test]
    fn without_a_cursor_a_list_begins_at_its_beginning() {
        let keys = Keys::derive(&MasterKey::random());
        assert_eq!(List::ImportRows.read::<i32>(&keys, None).unwrap(), None);
    }

    #[test]
    fn a_place_of_another_kind_is_refused() {
        let keys = Keys::derive(&MasterKey::random());
        let cursor = List::People.write(&keys, &"Ada");
        assert!(List::People.read::<(String, PersonId)>(&keys, Some(&cursor)).is_err());
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let keys = Keys::derive(&MasterKey::random());
        let cursor = List::People.write(&keys, &"Ada");
        for changed in ["", "x", &cursor[1..], &format!("{cursor}A"), &cursor.replace('A', "B")] {
            let read = List::People.read::<String>(&keys, Some(changed));
            assert!(changed == cursor || read.is_err(), "{changed}");
        }
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        assert_eq!(end(&[1, 2, 3], 3), Some(&3));
        assert_eq!(end(&[1, 2], 3), None);
        assert_eq!(end::<i32>(&[], 3), None);
    }
}
