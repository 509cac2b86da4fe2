-- Finding people, groups, applications, roles and places by parts of their names.

create extension if not exists pg_trgm;

-- A name as it is looked for: without case, accents and other small differences, and with a blank before it, so that every
-- word begins after a blank. Whatever the database's own idea of letters is, these are folded in the same way everywhere.
create function searchable(name text) returns text
    language sql immutable parallel safe
    as $$
        select ' ' || lower(translate(
            replace(replace(replace(replace(replace(
                regexp_replace(normalize(name, nfkd), '[\u0300-\u036f]', '', 'g'),
            'ß', 'ss'), 'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe'), 'Œ', 'oe'),
            'ıłŁøØđĐħĦАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЄҐЂЈЉЊЋЏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς',
            'illooddhhабвгдежзиклмнопрстуфхцчшщъыьэюяієґђјљњћџαβγδεζηθικλμνξοπρστυφχψωσ'
        ))
    $$;

-- What such a name must be like: one or two characters begin a word, more stand anywhere.
create function search_pattern(asked text) returns text
    language sql immutable parallel safe
    as $$
        select case when char_length(folded.text) < 3 then '% ' else '%' end
            || replace(replace(replace(folded.text, '\', '\\'), '%', '\%'), '_', '\_') || '%'
        from (select btrim(searchable(asked)) as text) as folded
    $$;

create index persons_searched on persons using gin (searchable(display_name) gin_trgm_ops);
create index persons_searched_by_email on persons using gin (searchable(email_folded) gin_trgm_ops);
create index principals_searched on principals using gin (searchable(name) gin_trgm_ops);
create index scopes_searched on scopes using gin (searchable(name) gin_trgm_ops);
