-- What is asked in one question is answered as of one moment: a volatile function in PL/pgSQL looks at the database anew with each of its
-- statements, so that a role which went from a group to its member by one change could be found with neither of them.
alter function held(uuid, uuid[], uuid[], uuid[]) stable;
