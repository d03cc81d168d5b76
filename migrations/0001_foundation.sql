-- 0001 foundation: portals, content, feed, audit, keys. The first migration: nothing before it, nothing to contract.
--
-- Rules every table here keeps:
--   * portal_id comes first in every primary, unique and foreign key, so that a portal can be moved, restored or
--     sharded as one thing. The exceptions are named where they stand.
--   * Ids are UUIDv7 made by the program; no identity columns, because sequences jump at a failover.
--   * Words (status, audience, kinds) are text with a check, not enum types: a check is swapped by an expand and a
--     contract migration while the previous release serves.
--   * Text that is compared as a key has collate "C": the same order and equality on every server and forever.
--   * What the serving role may do with each table stands in crates/store/src/grants.rs, run after every migration,
--     because role names take a configured prefix.

-- Portals ------------------------------------------------------------------------------------------------------

create table portals (
    id           uuid        not null,
    -- Exception to portal_id-first: a slug is what finds the portal, so it is unique in the installation.
    slug         text        not null collate "C",
    name         text        not null,
    -- In the order readers are offered them; the first is the default.
    locales      text[]      not null,
    accent       text,
    row_version  bigint      not null default 1,
    -- The next short article number. Processes take blocks of them, so numbers may have gaps.
    next_number  bigint      not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint portals_pkey primary key (id),
    constraint portals_slug_key unique (slug),
    -- The instance portal has no slug and no locales; nobody else may go without.
    constraint portals_slug_check check ((slug = '') = (id = '00000000-0000-0000-0000-000000000000')),
    constraint portals_locales_check check (cardinality(locales) >= 1 or id = '00000000-0000-0000-0000-000000000000'),
    constraint portals_row_version_check check (row_version >= 1),
    constraint portals_next_number_check check (next_number >= 1)
);

create table portal_hostnames (
    portal_id  uuid not null references portals (id),
    hostname   text not null collate "C",
    constraint portal_hostnames_pkey primary key (portal_id, hostname),
    -- Exception to portal_id-first: a hostname is what finds the portal.
    constraint portal_hostnames_hostname_key unique (hostname),
    constraint portal_hostnames_hostname_check check (hostname <> '')
);

-- Where each portal's feed stands. The row is updated by the last statement of every write; its lock makes lock order
-- commit order, so positions in outbox are dense. Half-empty pages keep those updates on the page (HOT).
create table portal_feed (
    portal_id  uuid        not null,
    pos        bigint      not null default 0,
    -- The event at pos, also after the outbox below it was pruned: tells two histories of one database apart.
    event_id   uuid,
    touched    timestamptz,
    constraint portal_feed_pkey primary key (portal_id),
    constraint portal_feed_portal_fkey foreign key (portal_id) references portals (id),
    constraint portal_feed_pos_check check (pos >= 0),
    constraint portal_feed_event_check check ((event_id is null) = (pos = 0))
) with (fillfactor = 50);

-- What belongs to no portal (keys over several portals, portal creation) lives under the nil UUID, with its own feed.
insert into portals (id, slug, name, locales, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000000', '', 'instance', '{}', now(), now());

insert into portal_feed (portal_id)
values ('00000000-0000-0000-0000-000000000000');

-- Content ------------------------------------------------------------------------------------------------------

create table categories (
    portal_id    uuid        not null,
    id           uuid        not null,
    parent_id    uuid,
    slug         text        not null collate "C",
    name         text        not null,
    description  text        not null default '',
    -- Order among siblings, then by name.
    position     integer     not null default 0,
    row_version  bigint      not null default 1,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint categories_pkey primary key (portal_id, id),
    constraint categories_slug_key unique (portal_id, slug),
    constraint categories_portal_fkey foreign key (portal_id) references portals (id),
    constraint categories_parent_fkey foreign key (portal_id, parent_id) references categories (portal_id, id),
    -- Longer circles are refused by the service, which holds the portal's row while it changes the tree.
    constraint categories_parent_check check (parent_id <> id),
    constraint categories_slug_check check (slug <> '')
);

create index categories_parent_idx on categories (portal_id, parent_id);

create table articles (
    portal_id           uuid        not null,
    id                  uuid        not null,
    number              bigint      not null,
    locale              text        not null collate "C",
    translation_group   uuid        not null,
    slug                text        not null collate "C",
    category_id         uuid,
    audience            text        not null collate "C",
    status              text        not null collate "C",
    head_revision       integer     not null,
    published_revision  integer,
    -- Raised by every change, staged or live; half of the ETag.
    row_version         bigint      not null default 1,
    source_id           text        collate "C",
    -- Review and schedule belong to the head; nothing writes them yet.
    in_review           boolean     not null default false,
    scheduled_at        timestamptz,
    scheduled_revision  integer,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    published_at        timestamptz,
    constraint articles_pkey primary key (portal_id, id),
    constraint articles_number_key unique (portal_id, number),
    constraint articles_slug_key unique (portal_id, locale, slug),
    constraint articles_source_key unique (portal_id, locale, source_id),
    constraint articles_portal_fkey foreign key (portal_id) references portals (id),
    constraint articles_category_fkey foreign key (portal_id, category_id) references categories (portal_id, id),
    constraint articles_status_check check (status in ('draft', 'published', 'archived')),
    constraint articles_audience_check check (audience in ('public', 'internal')),
    constraint articles_published_check check ((published_revision is not null) = (status = 'published')),
    constraint articles_revisions_check check (head_revision >= 1 and published_revision between 1 and head_revision),
    constraint articles_schedule_check check ((scheduled_at is null) = (scheduled_revision is null)),
    constraint articles_number_check check (number >= 1),
    constraint articles_slug_check check (slug <> '')
);

-- Lists are paged by a key that ends in the id; each order runs forwards and backwards.
create index articles_updated_idx on articles (portal_id, updated_at, id);
create index articles_created_idx on articles (portal_id, created_at, id);
create index articles_status_idx on articles (portal_id, status, locale, updated_at, id);
create index articles_category_idx on articles (portal_id, category_id, status, locale);
create index articles_translation_idx on articles (portal_id, translation_group);
-- Exception to portal_id-first: an address that names only the article is looked up once to learn its portal.
create index articles_id_idx on articles (id);

-- Numbered saved states, each holding every staged field. Append-only: the serving role may select and insert.
-- Tags live here because they are staged; a tag filter reads the one revision the face shows. No index on tags: it
-- would hold every old revision of every portal, and a portal's list is bounded by its articles.
create table revisions (
    portal_id     uuid        not null,
    article_id    uuid        not null,
    revision      integer     not null,
    title         text        not null,
    -- Markdown, kept to the byte.
    body          text        not null,
    excerpt       text        not null,
    tags          text[]      not null,
    author        text,
    -- JSON text that came with an import, kept to the byte.
    front_matter  text,
    actor_kind    text        not null collate "C",
    actor_id      uuid        not null,
    actor_name    text        not null,
    key_id        uuid,
    message       text        not null,
    created_at    timestamptz not null,
    constraint revisions_pkey primary key (portal_id, article_id, revision),
    constraint revisions_article_fkey foreign key (portal_id, article_id) references articles (portal_id, id),
    constraint revisions_revision_check check (revision >= 1),
    constraint revisions_actor_check check (actor_kind in ('key', 'operator', 'system'))
);

-- Head and published revision exist: checked at commit, because the article row comes first in its transaction.
alter table articles
    add constraint articles_head_fkey foreign key (portal_id, id, head_revision)
        references revisions (portal_id, article_id, revision) deferrable initially deferred,
    add constraint articles_published_fkey foreign key (portal_id, id, published_revision)
        references revisions (portal_id, article_id, revision) deferrable initially deferred;

-- Rendered HTML of a revision. A cache that may be emptied at any time; rendered_with says by which renderer, and what
-- an older one made is rendered again before it is shown.
create table renderings (
    portal_id      uuid    not null,
    article_id     uuid    not null,
    revision       integer not null,
    html           text    not null,
    rendered_with  integer not null,
    -- Headings as JSON text.
    outline        text    not null,
    constraint renderings_pkey primary key (portal_id, article_id, revision),
    constraint renderings_revision_fkey foreign key (portal_id, article_id, revision)
        references revisions (portal_id, article_id, revision)
);

-- Old slugs of articles, which redirect. A live slug wins over a remembered one.
create table slug_history (
    portal_id   uuid        not null,
    locale      text        not null collate "C",
    slug        text        not null collate "C",
    article_id  uuid        not null,
    created_at  timestamptz not null,
    constraint slug_history_pkey primary key (portal_id, locale, slug),
    constraint slug_history_article_fkey foreign key (portal_id, article_id) references articles (portal_id, id)
);

create index slug_history_article_idx on slug_history (portal_id, article_id);

-- Room left here for two tables of the next migration: redirects (portal_id, path → target, arbitrary paths that are
-- not old slugs) and attachments (portal_id, digest → content-addressed bytes, created once).

-- Who did what ---------------------------------------------------------------------------------------------------

-- Append-only: the serving role may select and insert. Never drives behaviour, so nothing references it.
create table audit (
    portal_id     uuid        not null,
    id            uuid        not null,
    at            timestamptz not null,
    actor_kind    text        not null collate "C",
    actor_id      uuid        not null,
    actor_name    text        not null,
    key_id        uuid,
    action        text        not null collate "C",
    subject_kind  text        not null collate "C",
    subject_id    uuid        not null,
    revision      integer,
    before        jsonb,
    after         jsonb,
    message       text        not null default '',
    constraint audit_pkey primary key (portal_id, id),
    constraint audit_portal_fkey foreign key (portal_id) references portals (id),
    constraint audit_actor_check check (actor_kind in ('key', 'operator', 'system'))
);

create index audit_subject_idx on audit (portal_id, subject_id, id);

-- The feed. Positions are dense within a portal: a gap proves a loss. Pruned from below only, in order of pos, through
-- the primary key.
create table outbox (
    portal_id     uuid        not null,
    pos           bigint      not null,
    event_id      uuid        not null,
    kind          text        not null collate "C",
    subject_kind  text        not null collate "C",
    subject_id    uuid        not null,
    revision      integer,
    at            timestamptz not null,
    constraint outbox_pkey primary key (portal_id, pos),
    constraint outbox_portal_fkey foreign key (portal_id) references portals (id),
    constraint outbox_pos_check check (pos >= 1)
);

-- Outcomes of writes, so that a retry with the same key is answered and not done again. The row is claimed at the
-- start of a transaction and finished in it: a committed row without an outcome cannot come about.
create table idempotency (
    portal_id    uuid        not null,
    actor_id     uuid        not null,
    key          text        not null collate "C",
    fingerprint  bytea       not null,
    operation    text        not null collate "C",
    outcome      jsonb,
    created_at   timestamptz not null,
    constraint idempotency_pkey primary key (portal_id, actor_id, key),
    constraint idempotency_portal_fkey foreign key (portal_id) references portals (id),
    constraint idempotency_fingerprint_check check (octet_length(fingerprint) = 32)
);

create index idempotency_created_idx on idempotency (created_at);

-- Who may -----------------------------------------------------------------------------------------------------

-- API keys; all of them live under the instance portal, because one key may reach several portals.
create table api_keys (
    portal_id        uuid        not null default '00000000-0000-0000-0000-000000000000',
    id               uuid        not null,
    name             text        not null,
    kind             text        not null collate "C",
    -- SHA-256 of the secret; the secret itself is shown once and never stored.
    digest           bytea       not null,
    -- The last four characters, so that people can tell keys apart.
    hint             text        not null,
    scopes           text[]      not null,
    -- Which portals it reaches; null: all, also those made later.
    portals          uuid[],
    default_portal   uuid,
    expires_at       timestamptz,
    revoked_at       timestamptz,
    created_at       timestamptz not null,
    created_by_kind  text        not null collate "C",
    created_by_id    uuid        not null,
    created_by_name  text        not null,
    constraint api_keys_pkey primary key (portal_id, id),
    constraint api_keys_digest_key unique (portal_id, digest),
    constraint api_keys_portal_fkey foreign key (portal_id) references portals (id),
    constraint api_keys_kind_check check (kind in ('full', 'scoped')),
    constraint api_keys_digest_check check (octet_length(digest) = 32),
    constraint api_keys_actor_check check (created_by_kind in ('key', 'operator', 'system'))
);

-- Machinery ---------------------------------------------------------------------------------------------------

-- Leases are rows with an expiry, because session and advisory locks do not survive a transaction pooler. They belong
-- to the installation, not to a portal. The migrator makes this table first, to guard itself while it runs this file.
create table if not exists leases (
    name        text        not null collate "C",
    holder      text        not null,
    expires_at  timestamptz not null,
    constraint leases_pkey primary key (name)
);
