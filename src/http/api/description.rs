//! The description of the API that programs read (`OpenAPI` 3.1), made from the code.
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Header, HeaderBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{Schema, SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::http::{
    idempotency::LONGEST_KEY,
    problem::{Field, Kind, Problem, Reason},
};

/// What is true of the whole API.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "Nobody is an administrator until they need to be. Every use case of Latchkey's pages, for \
            programs. A personal access token, made on the Account page, is shown as `Authorization: Bearer …`; it may \
            never do more than its owner may at the time. An application gets a token of its own at `/oauth/token` \
            (OAuth 2.0, client credentials), which may never do more than the application's roles allow. Times are RFC 3339, durations ISO 8601. Whatever goes wrong \
            is told as problem+json (RFC 9457) with a stable `type`. A POST that carries an `Idempotency-Key` takes \
            effect once, however often it is sent.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/api", description = "This server")),
    security(("bearer" = [])),
    modifiers(&Bearer),
    components(schemas(Problem, Reason, Field)),
    tags(
        (name = "me", description = "Who one is, and what one holds"),
        (name = "activations", description = "Activating roles, and being done"),
        (name = "requests", description = "Requests, and deciding them"),
        (name = "access", description = "Asking who holds what"),
        (name = "roles", description = "Roles and their terms"),
        (name = "policy", description = "Everything that administrators decide, as files"),
        (name = "scopes", description = "The places where roles are held"),
        (name = "assignments", description = "Who is eligible for what, and who holds it"),
        (name = "inventory", description = "What is held today: standing access, imports, conversions"),
        (name = "people", description = "People and groups"),
        (name = "search", description = "Finding people, groups, applications, roles and places"),
        (name = "overview", description = "How the whole stands"),
        (name = "applications", description = "Programs that hold roles of their own"),
        (name = "audit", description = "What happened"),
        (name = "deliveries", description = "What became of the notices, and the ways by which they leave"),
        (name = "tokens", description = "Access tokens"),
    )
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A personal access token, which begins with `lk_pat_`, or an application's, which begins with `lk_app_`.",
            ))
            .build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What is true of the whole API, before its operations are added.
pub(super) fn beginning() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// Adds to each operation what all of its kind have in common: the problems that can befall it, and the key that makes
/// it safe to repeat.
pub(super) fn finished(mut api: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let components = api.components.get_or_insert_default();
    for kind in Kind::ALL {
        components.responses.insert(name(kind), RefOr::T(response(kind)));
    }
    for (path, item) in &mut api.paths.paths {
        // The preview finds what its query names.
        let finds = path.contains('{') || path.ends_with("/preview");
        for (method, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(identifier(method, path));
                finish(operation, finds, method == "post");
            }
        }
    }
    api
}

/// A name for generated clients, such as `get_roles_id_settings`.
fn identifier(method: &str, path: &str) -> String {
    let words =
        path.trim_start_matches("/v1").split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .fold(method.to_owned(), |name, word| format!("{name}_{word}"))
}

fn finish(operation: &mut Operation, finds: bool, acts: bool) {
    let has_body = operation.request_body.is_some();
    let changes = acts || has_body;
    let mut kinds = vec![
        Kind::Invalid,
        Kind::Unauthenticated,
        Kind::PermissionNeeded,
        Kind::TooManyAttempts,
        Kind::Internal,
        Kind::Unavailable,
    ];
    kinds.extend(finds.then_some(Kind::NotFound));
    kinds.extend(
        changes.then_some([Kind::Conflict, Kind::Refused, Kind::NotFound]).into_iter().flatten(),
    );
    kinds.extend(changes.then_some(Kind::TooLarge));
    kinds.extend(has_body.then_some(Kind::UnsupportedMediaType));
    for kind in kinds {
        let reference = RefOr::Ref(Ref::from_response_name(name(kind)));
        let status = kind.status().as_u16().to_string();
        operation.responses.responses.entry(status).or_insert(reference);
    }
    if acts {
        operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
    }
}

/// The name of a response that several operations share. Two kinds with one status share theirs.
fn name(kind: Kind) -> String {
    let kind = match kind {
        Kind::NotAllowed | Kind::CodeNotAccepted => Kind::PermissionNeeded,
        other => other,
    };
    kind.title().split(' ').map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars().filter(char::is_ascii_alphanumeric);
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn response(kind: Kind) -> Response {
    let problem = Problem::new(kind, "What went wrong this time, and what to do.");
    let example = serde_json::to_value(Problem {
        instance: "urn:uuid:01938f3a-5f10-7cc2-b8a5-3f1c6f6f2a11".to_owned(),
        ..problem
    });
    let content = utoipa::openapi::ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(example.ok())
        .build();
    let types: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|other| other.status() == kind.status())
        .map(|kind| format!("`{}`", kind.name()))
        .collect();
    let response = ResponseBuilder::new()
        .description(format!("{}. Types: {}.", kind.title(), types.join(", ")))
        .content("application/problem+json", content);
    match kind {
        Kind::TooManyAttempts | Kind::Unavailable => {
            response.header("Retry-After", retry_after()).build()
        }
        _ => response.build(),
    }
}

fn retry_after() -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer))))
        .description(Some("Seconds to wait before another try makes sense."))
        .build()
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .min_length(Some(1))
        .max_length(Some(LONGEST_KEY))
        .pattern(Some("^[!-~]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "However often a request with the same key is sent, it takes effect once; each answer is like the first.",
        ))
        .schema(Some(Schema::Object(schema)))
        .build()
}
