-- What Latchkey asks: who shows the token, and whether the role is held, with all that an answer rests on.
select bearer.id, bearer.principal_id, bearer.scopes, held.*
from access_tokens as bearer
join principals on principals.id = principal_id and disabled_at is null
cross join lateral held(
    principal_id, array['00000000-0000-4000-8000-000000000000'::uuid], array['00000000-0000-5000-8000-000000000000'::uuid],
    array['00000000-0000-8000-8000-000000000000'::uuid]
) as held
where token_hash = '\xTOKEN_HASH'::bytea and revoked_at is null and expires_at > instant()
order by held.number;
