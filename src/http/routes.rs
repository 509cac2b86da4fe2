//! A router that remembers what it serves, so that a test can go through all of it.
use std::collections::BTreeSet;

use axum::{
    Router,
    handler::Handler,
    http::{Method, Uri},
    response::Redirect,
    routing::{MethodFilter, get, on},
};

use super::Web;

/// Routes, and the list of them.
#[derive(Default)]
pub struct Routes {
    router: Router<Web>,
    list: Vec<(Method, &'static str)>,
}

impl Routes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves what reads.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        self.on(Method::GET, MethodFilter::GET, path, handler)
    }

    /// Serves what acts.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        self.on(Method::POST, MethodFilter::POST, path, handler)
    }

    /// Those of another part.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        Self { router: self.router.merge(other.router), list: self.list }
    }

    /// What is served: method and path, as they are written in the code.
    #[must_use]
    pub fn list(&self) -> &[(Method, &'static str)] {
        &self.list
    }

    /// The router. Where only forms are sent to, whoever reads gets the page that the form belongs to: so ends a reload of
    /// what was refused.
    pub fn into_router(self) -> Router<Web> {
        let pages: BTreeSet<_> = self.paths(&Method::GET).collect();
        let forms: BTreeSet<_> = self.paths(&Method::POST).collect();
        forms.difference(&pages).fold(self.router, |router, form| {
            let page = above(form).find(|path| pages.contains(path));
            let depth = page.map_or(0, |page| page.matches('/').count());
            router.route(form, get(move |form: Uri| async move { to_start(&form, depth) }))
        })
    }

    fn paths(&self, wanted: &Method) -> impl Iterator<Item = &'static str> {
        self.list.iter().filter(move |(method, _)| method == wanted).map(|(_, path)| *path)
    }

    fn on<H, T>(
        mut self,
        method: Method,
        filter: MethodFilter,
        path: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Web>,
        T: 'static,
    {
        self.list.push((method, path));
        Self { router: self.router.route(path, on(filter, handler)), list: self.list }
    }
}

/// The paths above a path, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| path.get(..end).unwrap_or_default())
}

/// Leads to the first segments of an address.
fn to_start(address: &Uri, segments: usize) -> Redirect {
    let path = address.path();
    let end = path.match_indices('/').nth(segments).map_or(path.len(), |(end, _)| end);
    Redirect::to(path.get(..end).filter(|start| !start.is_empty()).unwrap_or("/"))
}
