//! Tokens for the API.
use latchkey::{
    domain::{
        actor::{Actor, TokenScope, Via, Who},
        text::Name,
    },
    error::Error,
    service::{access_token, credential},
};

use crate::support::{
    World,
    credentials::{Credentials, PASSWORD, secret, visitor},
};

async fn enrolled() -> (World, Credentials, Actor) {
    let world = World::new().await;
    world.person("ada").await;
    let ada = world.enrol("ada").await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    (world, ada, actor)
}

fn wanted(scopes: &[TokenScope], days: u16) -> access_token::Wanted {
    access_token::Wanted { name: Name::parse("laptop").unwrap(), scopes: scopes.to_vec(), days }
}

async fn make(world: &World, ada: &Credentials, actor: &Actor) -> String {
    let code = world.next_code(ada).await;
    let scopes = [TokenScope::Read, TokenScope::Activate, TokenScope::Read];
    let made = access_token::create(&world.app, actor, wanted(&scopes, 30), &code).await;
    made.unwrap().0.reveal().to_string()
}

#[tokio::test]
async fn a_token_says_who_and_what_for_until_it_ends() {
    let (world, ada, actor) = enrolled().await;
    let text = make(&world, &ada, &actor).await;
    assert!(text.starts_with("lk_pat_"), "{text}");
    let who = access_token::authenticate(&world.app, &text).await.unwrap();
    let Who::User(user) = who else { panic!("{who:?}") };
    assert_eq!(user.principal, world.principal("ada"));
    let Via::AccessToken(_, scopes) = user.via else { panic!("{:?}", user.via) };
    assert_eq!(scopes, [TokenScope::Activate, TokenScope::Read]);
    let listed = access_token::list(&world.app, &actor).await.unwrap();
    assert!(listed.first().unwrap().last_used_at.is_some());
    world.advance_seconds(30 * 24 * 60 * 60).await;
    assert!(access_token::authenticate(&world.app, &text).await.is_err());
    world.check_invariants().await;
}

#[tokio::test]
async fn every_prefix_and_bit_of_a_token_matters() {
    let (world, ada, actor) = enrolled().await;
    let text = make(&world, &ada, &actor).await;
    for length in 0..text.len() {
        assert!(access_token::authenticate(&world.app, &text[..length]).await.is_err());
    }
    for bit in 0..text.len() * 7 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 7] ^= 1 << (bit % 7);
        let changed = String::from_utf8(changed).unwrap();
        assert!(access_token::authenticate(&world.app, &changed).await.is_err(), "{changed}");
    }
    let session = ada.signed_in.session.reveal();
    for other in [session.as_str(), &format!("lk_pat_{}", &*session), &text.replace("pat", "app")] {
        assert!(access_token::authenticate(&world.app, other).await.is_err());
    }
    access_token::authenticate(&world.app, &text).await.unwrap();
}

#[tokio::test]
async fn a_token_is_made_with_a_fresh_code_within_limits() {
    let (world, ada, actor) = enrolled().await;
    let used = world.code(&ada).await;
    let read = [TokenScope::Read];
    let refused = access_token::create(&world.app, &actor, wanted(&read, 30), &used).await;
    assert!(matches!(refused, Err(Error::StepUp(_))));
    for (scopes, days) in [(&read[..], 0), (&read, 366), (&[], 30)] {
        let code = world.next_code(&ada).await;
        let refused = access_token::create(&world.app, &actor, wanted(scopes, days), &code).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{days}");
    }
    let code = world.next_code(&ada).await;
    access_token::create(&world.app, &actor, wanted(&read, 365), &code).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_only_its_owner_revokes_it() {
    let (world, ada, actor) = enrolled().await;
    let text = make(&world, &ada, &actor).await;
    let id = access_token::list(&world.app, &actor).await.unwrap().first().unwrap().id;
    world.person("bob").await;
    let bob = world.actor("bob").await;
    let foreign = access_token::revoke(&world.app, &bob, id).await;
    assert!(matches!(foreign, Err(Error::NotFound("token"))));
    access_token::revoke(&world.app, &actor, id).await.unwrap();
    assert!(access_token::authenticate(&world.app, &text).await.is_err());
    assert!(access_token::revoke(&world.app, &actor, id).await.is_err());
}

#[tokio::test]
async fn a_token_cannot_change_how_its_owner_signs_in() {
    let (world, ada, actor) = enrolled().await;
    let text = make(&world, &ada, &actor).await;
    let who = access_token::authenticate(&world.app, &text).await.unwrap();
    let program = Actor { who, ..visitor("192.0.2.1").actor };
    let code = world.next_code(&ada).await;
    let (old, new) = (secret(PASSWORD), secret("eight candles on the landing"));
    let refused = credential::change_password(&world.app, &program, &old, &new, &code).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))));
    let refused = credential::begin_authenticator(&world.app, &program, &code).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))));
    let read = wanted(&[TokenScope::Read], 30);
    let refused = access_token::create(&world.app, &program, read, &code).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))));
}
