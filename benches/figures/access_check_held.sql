-- What Latchkey asks for one caller: who shows the token, and whether the role is held, with all that an answer rests on.
select *
from access_checks(
    array['\xTOKEN_HASH'::bytea], array['00000000-0000-4000-8000-000000000000'::uuid], array['00000000-0000-5000-8000-000000000000'::uuid],
    array['00000000-0000-8000-8000-000000000000'::uuid]
);
