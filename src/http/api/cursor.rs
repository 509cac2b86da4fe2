//! Where a page of a list ends, as a text that only this installation makes and reads.
use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

use crate::{
    domain::time::Instant,
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
}

/// Writes where a page of a list ends.
pub(super) fn write(keys: &Keys, list: List, position: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&[&tag(keys, list, position), position].concat())
}

/// Reads what [`write`] made.
pub(super) fn read(keys: &Keys, list: List, cursor: &str) -> Result<Vec<u8>, Error> {
    let foreign = || Error::invalid("cursor", "take it from the field `next` of the page before");
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| foreign())?;
    let (shown, position) = bytes.split_first_chunk::<TAG>().ok_or_else(foreign)?;
    if secret::equal(shown, &tag(keys, list, position)) {
        Ok(position.to_vec())
    } else {
        Err(foreign())
    }
}

fn tag(keys: &Keys, list: List, position: &[u8]) -> [u8; TAG] {
    let whole = keys.cursor_tag(&[list.name(), b"\0", position].concat());
    let mut tag = [0; TAG];
    tag.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    tag
}

/// The position in a list that is ordered by time.
pub(super) fn by_time(at: Instant, id: Uuid) -> Vec<u8> {
    [at.timestamp().as_microsecond().to_be_bytes().as_slice(), id.as_bytes()].concat()
}

/// Reads what [`by_time`] made.
pub(super) fn time(position: &[u8]) -> Option<(Instant, Uuid)> {
    let (at, id) = position.split_first_chunk::<8>()?;
    let at = jiff::Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?;
    Some((Instant::new(at), Uuid::from_slice(id).ok()?))
}

/// Reads a position that is an identifier alone.
pub(super) fn id(position: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(position).ok()
}

/// Reads a position that is the line of a file.
pub(super) fn line(position: &[u8]) -> Option<i32> {
    position.try_into().ok().map(i32::from_be_bytes)
}

/// The position in a list that is ordered by name.
pub(super) fn by_name(name: &str, id: Uuid) -> Vec<u8> {
    [id.as_bytes(), name.as_bytes()].concat()
}

/// Reads what [`by_name`] made.
pub(super) fn name(position: &[u8]) -> Option<(String, Uuid)> {
    let (id, name) = position.split_first_chunk::<16>()?;
    Some((String::from_utf8(name.to_vec()).ok()?, Uuid::from_bytes(*id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_list_only() {
        let keys = Keys::derive(&MasterKey::random());
        let (at, id) = (Instant::new(jiff::Timestamp::UNIX_EPOCH), Uuid::now_v7());
        let cursor = write(&keys, List::Requests, &by_time(at, id));
        let position = read(&keys, List::Requests, &cursor).unwrap();
        assert_eq!(time(&position), Some((at, id)));
        assert!(read(&keys, List::People, &cursor).is_err());
        assert!(read(&Keys::derive(&MasterKey::random()), List::Requests, &cursor).is_err());
        assert_eq!(name(&by_name("Ada Ä", id)), Some(("Ada Ä".to_owned(), id)));
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let keys = Keys::derive(&MasterKey::random());
        let cursor = write(&keys, List::People, b"Ada");
        for changed in ["", "x", &cursor[1..], &format!("{cursor}A"), &cursor.replace('A', "B")] {
            assert!(changed == cursor || read(&keys, List::People, changed).is_err(), "{changed}");
        }
    }
}
