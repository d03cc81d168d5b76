-- 0004 search rules: what an operator taught the search of one portal and locale: synonyms, stop words, pins, keywords.
--
-- Expands only: two tables and two functions; the previous release neither reads nor writes them. The event of a change is
-- about the portal, which the previous release knows. The rules at the head of 0001 hold here too.

set local lock_timeout = '5s';

-- The rules of a locale are read and replaced as a whole. Without a row they are empty and at version 1.
create table search_rule_sets (
    portal_id    uuid        not null,
    locale       text        not null collate "C",
    row_version  bigint      not null,
    updated_at   timestamptz not null,
    constraint search_rule_sets_pkey primary key (portal_id, locale),
    constraint search_rule_sets_portal_fkey foreign key (portal_id) references portals (id),
    constraint search_rule_sets_version_check check (row_version >= 1)
);

-- A rule is the rows of one position. By kind, one row for each:
--   equal      one of several words that mean the same            words
--   means      something that words also mean                     words, means
--   stop_word  a word that says nothing                           words
--   pin        an article that stands first for a query           words, article_id
--   keywords   words by which an article is found                 words, article_id
create table search_rules (
    portal_id   uuid    not null,
    locale      text    not null collate "C",
    position    integer not null,
    place       integer not null,
    kind        text    not null collate "C",
    words       text    not null,
    means       text,
    article_id  uuid,
    constraint search_rules_pkey primary key (portal_id, locale, position, place),
    constraint search_rules_set_fkey foreign key (portal_id, locale) references search_rule_sets (portal_id, locale),
    constraint search_rules_article_fkey foreign key (portal_id, article_id) references articles (portal_id, id),
    constraint search_rules_kind_check check (kind in ('equal', 'means', 'stop_word', 'pin', 'keywords')),
    constraint search_rules_words_check check (words <> '' and means <> ''),
    constraint search_rules_means_check check ((kind = 'means') = (means is not null)),
    constraint search_rules_article_check check ((kind in ('pin', 'keywords')) = (article_id is not null))
);

-- Which rules name an article that is erased.
create index search_rules_article_idx on search_rules (portal_id, article_id) where article_id is not null;

-- Erasure --------------------------------------------------------------------------------------------------------

-- What the audit keeps of rules, without those that name an article.
create function search_rules_without(rules jsonb, of_article uuid)
returns jsonb
language sql
immutable
set search_path = pg_catalog, public
as $$
    select rules || jsonb_build_object(
        'pins', (
            select coalesce(jsonb_agg(e.value order by e.n), '[]')
            from jsonb_array_elements(rules -> 'pins') with ordinality as e (value, n)
            where not e.value -> 'articles' @> to_jsonb(of_article::text)),
        'keywords', (
            select coalesce(jsonb_agg(e.value order by e.n), '[]')
            from jsonb_array_elements(rules -> 'keywords') with ordinality as e (value, n)
            where e.value ->> 'article' <> of_article::text))
$$;

-- Entries about rules name many articles: only what they say of the erased one goes. Belongs to the owner, like the
-- functions of 0002.
create function purge_audit_search_rules(of_portal uuid, of_article uuid)
returns bigint
language sql
security definer
set search_path = pg_catalog, public
as $$
    with blanked as (
        update public.audit
        set before = public.search_rules_without(before, of_article),
            after = public.search_rules_without(after, of_article)
        where portal_id = of_portal
          and subject_id = of_portal
          and action = 'search_rules.put'
          and (strpos(before::text, of_article::text) > 0 or strpos(after::text, of_article::text) > 0)
        returning 1
    )
    select count(*) from blanked
$$;

revoke all on function search_rules_without(jsonb, uuid) from public;
revoke all on function purge_audit_search_rules(uuid, uuid) from public;
