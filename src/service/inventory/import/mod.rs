//! Bringing in what is held elsewhere: hand in a file, say which column is what, look at what would come of it, confirm.
//!
//! An import gives what its author could give one by one, on the same terms, and no more. Nobody imports anything for
//! themself.
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind},
        id::ImportId,
        inventory::{Mapping, Sheet},
        permission::Permission,
    },
    error::Error,
    service::access,
    store::{
        self, Change,
        inventory::import::{NewImport, Wanted},
    },
};

mod confirm;
mod judge;
mod known;
mod plan;

pub use confirm::confirm;
pub use plan::{Plan, Planned, Verdict};

pub use crate::store::inventory::import::{Counts, Row, RowOutcome, State, Told};

/// How many imports, or rows of one, a page has.
pub const PAGE: i64 = 100;

/// How many files somebody may have handed in and not gone on with.
pub const DRAFTS_MOST: i64 = 20;

/// Refuses unless the actor may give roles anywhere at all: whether they may at the place of each row is judged there. Only
/// people import.
async fn authorise_anywhere(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
) -> Result<(), Error> {
    access::user(actor, TokenScope::Administer)?;
    access::authorise_somewhere(connection, actor, Permission::ManageAssignments).await?;
    Ok(())
}

/// Refuses whoever may import nothing at all.
pub async fn refuse_others(app: &App, actor: &Actor) -> Result<(), Error> {
    authorise_anywhere(&mut *app.database.acquire().await?, actor).await
}

/// Whether the actor may import anything at all.
pub async fn may(app: &App, actor: &Actor) -> Result<bool, Error> {
    match refuse_others(app, actor).await {
        Ok(()) => Ok(true),
        Err(Error::Forbidden(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Keeps a file, to be looked at and then imported or thrown away, with a guess at which column is what.
pub async fn upload(
    app: &App,
    actor: &Actor,
    file_name: &str,
    file: &[u8],
) -> Result<ImportId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(ImportId(before)),
        begun => begun?,
    };
    authorise_anywhere(change.connection(), actor).await?;
    let by = access::user(actor, TokenScope::Administer)?.principal;
    if store::inventory::import::drafts(change.connection(), by).await? >= DRAFTS_MOST {
        return Err(Error::Conflict(format!(
            "you have {DRAFTS_MOST} files here that are not imported: import or throw away one of them first"
        )));
    }
    let sheet = Sheet::read(file).map_err(|error| Error::invalid("file", error))?;
    let file_name = called(file_name);
    let rows = i32::try_from(sheet.rows.len()).unwrap_or(i32::MAX);
    let mapping = Mapping::guess(&sheet.columns);
    let digest: [u8; 32] = Sha256::digest(file).into();
    let new = NewImport {
        file_name: &file_name,
        format: sheet.format,
        digest,
        rows,
        file,
        mapping: &mapping,
    };
    let id = store::inventory::import::create(&mut change, by, new).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::ImportUploaded).target(id.0).detail(json!({
        "file": file_name, "rows": rows, "sha256": data_encoding::HEXLOWER.encode(&digest),
    }));
    change.commit(&event).await?;
    app.wake.audit().notify_one();
    Ok(id)
}

/// What a file is called: without folders, without what nobody sees, and not for ever.
fn called(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|letter| !letter.is_control()).take(200).collect();
    let name = name.trim().to_owned();
    if name.is_empty() { "pasted list".to_owned() } else { name }
}

/// The imports: all of them for those who may read roles, one's own for those who may give some.
pub async fn list(app: &App, actor: &Actor, before: Option<ImportId>) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let by = match access::authorise(&mut connection, actor, Permission::ReadRoles).await {
        Ok(()) => None,
        Err(Error::Forbidden(_)) => {
            authorise_anywhere(&mut connection, actor).await?;
            actor.user().map(|user| user.principal)
        }
        Err(error) => return Err(error),
    };
    let wanted = Wanted { by, before, ..Wanted::default() };
    store::inventory::import::list(&mut connection, wanted, PAGE).await
}

/// One import; somebody else's only for those who may read roles.
pub async fn show(app: &App, actor: &Actor, id: ImportId) -> Result<Told, Error> {
    let mut connection = app.database.acquire().await?;
    let own = access::principal(actor, TokenScope::Read)?;
    let told = store::inventory::import::one(&mut connection, id).await;
    match told {
        Ok(told) if told.created_by == own => Ok(told),
        told => {
            access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
            told
        }
    }
}

/// The rows of an import that was done, in the order of the file.
pub async fn rows(
    app: &App,
    actor: &Actor,
    id: ImportId,
    outcome: Option<RowOutcome>,
    after: i32,
) -> Result<Vec<Row>, Error> {
    show(app, actor, id).await?;
    let mut connection = app.database.acquire().await?;
    store::inventory::import::rows(&mut connection, id, outcome, after, PAGE).await
}

/// A draft of the actor's own: nobody goes on with what somebody else has handed in.
async fn own_draft(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    id: ImportId,
) -> Result<(User, Told), Error> {
    authorise_anywhere(connection, actor).await?;
    let user = access::user(actor, TokenScope::Administer)?.clone();
    let told = store::inventory::import::one(connection, id).await?;
    if told.created_by != user.principal {
        // Whoever may not look at those of others is not told of one, as in [`show`].
        return Err(match access::authorise(connection, actor, Permission::ReadRoles).await {
            Ok(()) => Error::NotAllowed(
                "somebody else handed this in: hand the file in yourself to import it".to_owned(),
            ),
            Err(_) => Error::NotFound("import"),
        });
    }
    if told.state != State::Draft {
        return Err(closed());
    }
    Ok((user, told))
}

fn closed() -> Error {
    Error::Conflict("this import is closed already".to_owned())
}

/// A draft of the actor's own, as it stays until the change ends.
async fn lock_draft(
    change: &mut Change,
    actor: &Actor,
    id: ImportId,
) -> Result<(User, Told), Error> {
    // Who may not know of it does not hold it up either.
    own_draft(change.connection(), actor, id).await?;
    if !store::inventory::import::lock(change, id).await? {
        return Err(closed());
    }
    change.settle().await?;
    own_draft(change.connection(), actor, id).await
}

/// What is in a file that was handed in, and what would come of it as it is mapped.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The import.
    pub told: Told,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The first rows, to tell the columns apart by.
    pub sample: Vec<Vec<String>>,
    /// How it is read.
    pub mapping: Mapping,
    /// What would come of it; none while the mapping can't be used, for the reasons given.
    pub plan: Result<Plan, Vec<crate::domain::fault::FieldError>>,
    /// An earlier import of the same file with the same mapping.
    pub same_before: Option<Told>,
}

/// Says what would come of a draft, read as it is mapped.
pub async fn preview(app: &App, actor: &Actor, id: ImportId) -> Result<Preview, Error> {
    const SAMPLE: usize = 3;
    let mut connection = app.database.acquire().await?;
    let (user, told) = own_draft(&mut connection, actor, id).await?;
    let file = store::inventory::import::file(&mut connection, id).await?;
    let sheet = Sheet::read(&file).map_err(|error| Error::invalid("file", error))?;
    let mapping = told.mapping.as_ref().map(|mapping| mapping.0.clone()).unwrap_or_default();
    let faults = mapping.faults(&sheet.columns);
    let plan = if faults.is_empty() {
        Ok(plan::plan(&mut connection, actor, &user, &sheet, &mapping).await?)
    } else {
        Err(faults)
    };
    let fingerprint = fingerprint(&told.digest, &mapping);
    let wanted = Wanted { fingerprint: Some(&fingerprint), ..Wanted::default() };
    let same_before = store::inventory::import::list(&mut connection, wanted, 1).await?.pop();
    let sample = sheet.rows.iter().filter_map(|row| row.cells.clone().ok()).take(SAMPLE).collect();
    Ok(Preview { told, columns: sheet.columns, sample, mapping, plan, same_before })
}

/// Keeps how a draft is to be read.
pub async fn map(app: &App, actor: &Actor, id: ImportId, mapping: &Mapping) -> Result<(), Error> {
    let mut connection = app.database.acquire().await?;
    own_draft(&mut connection, actor, id).await?;
    let file = store::inventory::import::file(&mut connection, id).await?;
    let sheet = Sheet::read(&file).map_err(|error| Error::invalid("file", error))?;
    let faults = mapping.faults(&sheet.columns);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if store::inventory::import::set_mapping(&mut connection, id, mapping).await? {
        Ok(())
    } else {
        Err(closed())
    }
}

/// Throws a draft away, with its file.
pub async fn discard(app: &App, actor: &Actor, id: ImportId) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    lock_draft(&mut change, actor, id).await?;
    store::inventory::import::discard(&mut change, id).await?;
    change.made(id.0).await?;
    change.commit(&Event::new(Kind::ImportDiscarded).target(id.0)).await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// What stands for a file and how it is read.
fn fingerprint(digest: &[u8], mapping: &Mapping) -> Vec<u8> {
    let mut whole = Sha256::new();
    whole.update(digest);
    whole.update(serde_json::to_vec(mapping).unwrap_or_default());
    whole.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_last_name() {
        assert_eq!(called("C:\\Users\\ada\\roles.csv"), "roles.csv");
        assert_eq!(called("../../etc/passwd"), "passwd");
        assert_eq!(called("a\r\nb"), "ab");
        assert_eq!(called(" / "), "pasted list");
        assert_eq!(called(&"x".repeat(400)).len(), 200);
    }
}
