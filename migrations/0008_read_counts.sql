-- 0008 read counts: how often readers opened an article, summed up by day.
--
-- Sums and nothing else: no row for a read, no time but the day, no address, no session, no browser. Rows are deleted
-- after read_counts_days.
--
-- Expands only: a new table, which the previous release does not know.

set local lock_timeout = '5s';

-- The article may be gone: a sum is no reference.
create table read_counts (
    portal_id   uuid    not null,
    day         date    not null,
    article_id  uuid    not null,
    reads       bigint  not null,
    constraint read_counts_pkey primary key (portal_id, day, article_id),
    constraint read_counts_portal_fkey foreign key (portal_id) references portals (id),
    constraint read_counts_reads_check check (reads > 0)
);
