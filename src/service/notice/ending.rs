//! Whom one mail about many things goes to: administrators, who are not told of each assignment that ends by itself.
use crate::{
    App,
    domain::{
        id::{PrincipalId, RoleId, ScopeId},
        notice::{
            letter::Letter,
            occasion::{Audience, Cell, Occasion},
            preference::When,
            rule::Rule,
        },
    },
    error::Error,
    service::notice::{administering, readers, rule},
    store::{
        self, Change,
        notice::{Gathered, Outgoing},
    },
};

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::service) enum Whom {
    /// An account.
    Account(PrincipalId),
    /// An address that is nobody's account.
    Address(String),
}

/// The administrators who are told of this about a role at a place, and the further addresses.
pub(in crate::service) async fn administrators(
    change: &mut Change,
    occasion: Occasion,
    (role, scope): (RoleId, ScopeId),
) -> Result<Vec<Whom>, Error> {
    let at = change.at();
    let place = store::notice::place(change.connection(), role, scope).await?;
    let cell = Cell { occasion, audience: Audience::Administrators };
    let open = |known: &Rule| known.lets_through(cell.asks());
    let Some(found) = rule(cell, Some(&place)).filter(open) else { return Ok(Vec::new()) };
    let mut whom = Vec::new();
    if found.default_recipients {
        let wanted = administering(occasion, &place);
        let connection = change.connection();
        let people =
            store::notice::permitted(connection, wanted, scope, at, found.eligible_too).await?;
        whom.extend(people.into_iter().map(Whom::Account));
    }
    whom.extend(found.recipients.iter().map(|it| Whom::Address(it.as_str().to_owned())));
    Ok(whom)
}

/// Tells somebody something that asks nothing of them, when they want to be told.
pub(in crate::service) async fn tell_one(
    app: &App,
    change: &mut Change,
    whom: &Whom,
    (occasion, letter, link): (Occasion, &Letter, &str),
) -> Result<(), Error> {
    let at = change.at();
    let (recipient, address, reader, not_before) = match whom {
        Whom::Address(address) => (None, address.clone(), app.reader.clone(), None),
        Whom::Account(account) => {
            let people = readers(change.connection(), app, &[*account]).await?;
            let Some((person, reader)) = people.into_values().next() else { return Ok(()) };
            let not_before = match person.preferences.when(occasion, false, at, &person.zone) {
                None => return Ok(()),
                Some(When::Summary) => {
                    let gathered = Gathered {
                        recipient: *account,
                        occasion: occasion.name().to_owned(),
                        line: letter.line(&reader),
                        link: link.to_owned(),
                        created_at: at,
                    };
                    return store::notice::gather(change, &gathered).await;
                }
                Some(When::At(moment)) => Some(moment),
                Some(When::Now) => None,
            };
            (Some(*account), person.address, reader, not_before)
        }
    };
    let mail = letter.mail(occasion, &reader);
    let outgoing = Outgoing { recipient, address, mail, thread: None, not_before };
    store::notice::send(change, &[outgoing]).await
}
