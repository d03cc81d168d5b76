-- 0002 moving: what an import remembers, links and redirects, attachments, translations, erasure.
--
-- Expands only: every column is nullable or has a default, so that the previous release serves beside it. The rules at
-- the head of 0001 hold here too.

set local lock_timeout = '5s';

-- Translations -------------------------------------------------------------------------------------------------

-- From which article, and which revision of it, an article was translated. Behind when that article moved on.
alter table articles
    add column translated_from      uuid,
    add column translated_revision  integer,
    -- Set when the text was erased: the row stays as a tombstone, archived, so that its address is never given away.
    add column purged_at            timestamptz,
    add constraint articles_translated_fkey foreign key (portal_id, translated_from) references articles (portal_id, id),
    add constraint articles_translated_check check ((translated_from is null) = (translated_revision is null)),
    add constraint articles_translated_self_check check (translated_from <> id),
    add constraint articles_purged_check check (purged_at is null or status = 'archived');

create index articles_translated_idx on articles (portal_id, translated_from);

alter table revisions
    add column purged_at  timestamptz;

-- What an import remembers ---------------------------------------------------------------------------------------

-- From which file an article came, and what both were when they were last the same. The digest is of what the file
-- said; the other columns are the article right after. One source is one folder, archive or export of another system.
create table imported_files (
    portal_id        uuid        not null,
    article_id       uuid        not null,
    source           text        not null collate "C",
    -- Path in the source, with slashes, as written.
    path             text        not null collate "C",
    -- Files with one key are translations of each other.
    translation_key  text        collate "C",
    digest           bytea       not null,
    revision         integer     not null,
    category_id      uuid,
    status           text        not null collate "C",
    audience         text        not null collate "C",
    slug             text        not null collate "C",
    imported_at      timestamptz not null,
    constraint imported_files_pkey primary key (portal_id, article_id),
    constraint imported_files_article_fkey foreign key (portal_id, article_id) references articles (portal_id, id),
    constraint imported_files_digest_check check (octet_length(digest) = 32)
);

create index imported_files_path_idx on imported_files (portal_id, source, lower(path));
-- Partial, so that a planner without statistics cannot take it for as good as the one above when it looks for a path.
create index imported_files_key_idx on imported_files (portal_id, source, translation_key)
    where translation_key is not null;

-- Attachments ----------------------------------------------------------------------------------------------------

-- Files that articles show. The bytes lie in the object store under their digest; a digest is kept once per portal.
create table attachments (
    portal_id       uuid        not null,
    id              uuid        not null,
    -- SHA-256 of the bytes.
    digest          bytea       not null,
    -- The name it is offered under.
    name            text        not null,
    -- Found by looking at the bytes, never taken from the sender.
    media_type      text        not null collate "C",
    byte_length     bigint      not null,
    -- Of pictures, in pixels.
    width           integer,
    height          integer,
    -- Widths of the smaller variants, ascending.
    variant_widths  integer[]   not null default '{}',
    actor_kind      text        not null collate "C",
    actor_id        uuid        not null,
    actor_name      text        not null,
    created_at      timestamptz not null,
    purged_at       timestamptz,
    constraint attachments_pkey primary key (portal_id, id),
    constraint attachments_digest_key unique (portal_id, digest),
    constraint attachments_portal_fkey foreign key (portal_id) references portals (id),
    constraint attachments_digest_check check (octet_length(digest) = 32),
    constraint attachments_length_check check (byte_length >= 0),
    constraint attachments_size_check check ((width is null) = (height is null)),
    constraint attachments_actor_check check (actor_kind in ('key', 'operator', 'system'))
);

-- Addresses name an attachment by its id alone.
create index attachments_id_idx on attachments (id);

-- Under which paths of which source an attachment came: what links in bodies mean.
create table attachment_paths (
    portal_id      uuid not null,
    source         text not null collate "C",
    path           text not null collate "C",
    attachment_id  uuid not null,
    constraint attachment_paths_pkey primary key (portal_id, path, source),
    constraint attachment_paths_attachment_fkey foreign key (portal_id, attachment_id)
        references attachments (portal_id, id)
);

create index attachment_paths_path_idx on attachment_paths (portal_id, source, lower(path));
create index attachment_paths_attachment_idx on attachment_paths (portal_id, attachment_id);

-- Links ----------------------------------------------------------------------------------------------------------

-- Where the links of a head or published body lead. Bodies keep their links as written; a page puts in the present
-- address of the target, so that neither a new slug nor a target that comes later renders anything again.
create table links (
    portal_id    uuid    not null,
    article_id   uuid    not null,
    revision     integer not null,
    -- As the body says, without fragment; of files also without query.
    address      text    not null collate "C",
    -- The source the article came from, in which files are looked for.
    source       text    collate "C",
    -- Decoded. With a leading slash: an address of the old site, which may also be a file counted from
    -- the root of the source, or of an attachment. Without: a file of the source.
    path         text    not null collate "C",
    is_image     boolean not null,
    -- Null while nothing is there.
    target_kind  text    collate "C",
    target_id    uuid,
    constraint links_pkey primary key (portal_id, article_id, revision, address),
    constraint links_revision_fkey foreign key (portal_id, article_id, revision)
        references revisions (portal_id, article_id, revision),
    constraint links_target_check check ((target_kind is null) = (target_id is null)),
    constraint links_kind_check check (target_kind in ('article', 'attachment'))
);

-- What may lead to something that comes, by the path in lower case (ASCII letters only, as the collation folds).
create index links_path_idx on links (portal_id, lower(path));
create index links_target_idx on links (portal_id, target_id) where target_id is not null;

-- Hosts of the old site, learnt from the old addresses of a source's articles: absolute links to them are links to it.
create table source_hosts (
    portal_id  uuid not null,
    source     text not null collate "C",
    host       text not null collate "C",
    constraint source_hosts_pkey primary key (portal_id, source, host),
    constraint source_hosts_portal_fkey foreign key (portal_id) references portals (id)
);

-- Addresses of the site before: what no page of ours answers is looked up here. One hop: the target is an article, a
-- category, or an address that is not itself redirected.
create table redirects (
    portal_id    uuid        not null,
    -- Percent-decoded, with a leading and without a trailing slash.
    old_path     text        not null collate "C",
    -- The query it needs, as written; empty: any.
    old_query    text        not null default '' collate "C",
    target_kind  text        not null collate "C",
    target_id    uuid,
    target_url   text,
    created_at   timestamptz not null,
    constraint redirects_pkey primary key (portal_id, old_path, old_query),
    constraint redirects_portal_fkey foreign key (portal_id) references portals (id),
    constraint redirects_path_check check (old_path like '/%'),
    constraint redirects_kind_check check (target_kind in ('article', 'category', 'url')),
    constraint redirects_target_check check ((target_kind = 'url') = (target_url is not null) and (target_url is null) = (target_id is not null))
);

create index redirects_target_idx on redirects (portal_id, target_id) where target_id is not null;
-- How an unmatched address of a reader finds its rows, whatever case it is written in. The collation folds ASCII only.
create index redirects_folded_idx on redirects (portal_id, lower(old_path), old_query);
-- Which redirects lead to an address that becomes an old one itself.
create index redirects_url_idx on redirects (portal_id, target_url) where target_url is not null;

-- Erasure --------------------------------------------------------------------------------------------------------

-- What was asked to be erased, and whether its bytes are gone from everywhere this program keeps them.
create table purges (
    portal_id     uuid        not null,
    id            uuid        not null,
    subject_kind  text        not null collate "C",
    subject_id    uuid        not null,
    revision      integer,
    -- The position of its event: the index is clean once it has read so far and merged.
    pos           bigint,
    message       text        not null default '',
    requested_at  timestamptz not null,
    finished_at   timestamptz,
    constraint purges_pkey primary key (portal_id, id),
    constraint purges_portal_fkey foreign key (portal_id) references portals (id),
    constraint purges_kind_check check (subject_kind in ('article', 'revision', 'attachment'))
);

create index purges_waiting_idx on purges (portal_id, requested_at) where finished_at is null;

-- The serving role may only append to revisions and audit. These three functions are the only way to blank them; they
-- belong to the owner and blank one subject, never a table.
create function purge_revision_text(of_portal uuid, of_article uuid, of_revision integer, at timestamptz)
returns bigint
language sql
security definer
set search_path = pg_catalog, public
as $$
    with blanked as (
        update public.revisions
        set title = '', body = '', excerpt = '', tags = '{}', author = null, front_matter = null, message = '',
            purged_at = at
        where portal_id = of_portal
          and article_id = of_article
          and (of_revision is null or revision = of_revision)
        returning 1
    )
    select count(*) from blanked
$$;

create function purge_audit_values(of_portal uuid, of_subject uuid, of_revision integer)
returns bigint
language sql
security definer
set search_path = pg_catalog, public
as $$
    with blanked as (
        update public.audit
        set before = null, after = null, message = ''
        where portal_id = of_portal
          and subject_id = of_subject
          and (of_revision is null or revision = of_revision)
        returning 1
    )
    select count(*) from blanked
$$;

-- Entries about redirects name many at once: only the old addresses of those that led to the erased article go.
create function purge_audit_redirects(of_portal uuid, of_target text, of_urls text[])
returns bigint
language sql
security definer
set search_path = pg_catalog, public
as $$
    with named as (
        select id, before, after
        from public.audit
        where portal_id = of_portal
          and subject_kind = 'redirects'
          and exists (
              select 1
              from jsonb_array_elements(coalesce(before, '[]') || coalesce(after, '[]')) as e (value)
              where e.value ->> 'target' = of_target
                 or e.value ->> 'old_url' = any (of_urls))
        for update
    ),
    blanked as (
        update public.audit a
        set before = (
                select jsonb_agg(case
                        when e.value ->> 'target' = of_target or e.value ->> 'old_url' = any (of_urls)
                        then e.value || '{"old_url": "purged"}'
                        else e.value
                    end order by e.n)
                from jsonb_array_elements(named.before) with ordinality as e (value, n)),
            after = (
                select jsonb_agg(case
                        when e.value ->> 'target' = of_target or e.value ->> 'old_url' = any (of_urls)
                        then e.value || '{"old_url": "purged"}'
                        else e.value
                    end order by e.n)
                from jsonb_array_elements(named.after) with ordinality as e (value, n))
        from named
        where a.portal_id = of_portal
          and a.id = named.id
        returning 1
    )
    select count(*) from blanked
$$;

revoke all on function purge_revision_text(uuid, uuid, integer, timestamptz) from public;
revoke all on function purge_audit_values(uuid, uuid, integer) from public;
revoke all on function purge_audit_redirects(uuid, text, text[]) from public;

-- Restoring ------------------------------------------------------------------------------------------------------

-- From which bundle a portal is being restored, or was: the same bundle goes on where it stopped, another is refused.
create table restorations (
    portal_id    uuid        not null,
    -- SHA-256 of the bundle's manifest, which names every byte of it.
    bundle       bytea       not null,
    started_at   timestamptz not null,
    finished_at  timestamptz,
    constraint restorations_pkey primary key (portal_id),
    constraint restorations_portal_fkey foreign key (portal_id) references portals (id),
    constraint restorations_bundle_check check (octet_length(bundle) = 32)
);
