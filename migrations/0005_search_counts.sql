-- 0005 search counts: what was searched for and what was found, summed up by day.
--
-- Sums and nothing else: no row for a search, no time but the day, no address, no session, no program's name, no
-- credential. There is nothing in here to join two searches of one person by. Words that could name somebody are not
-- kept: such searches stand under the empty query, so that the sums stay right (domain::search_count). Rows are deleted
-- after search_counts_days.
--
-- Expands only: two new tables, which the previous release does not know.

set local lock_timeout = '5s';

create table search_counts (
    portal_id     uuid     not null,
    day           date     not null,
    -- Empty: several languages at once.
    locale        text     not null collate "C",
    source        text     not null collate "C",
    -- One form for all spellings; empty: words that are not kept.
    query         text     not null collate "C",
    searches      bigint   not null,
    zero_results  bigint   not null,
    -- Something, but fewer than three.
    low_results   bigint   not null,
    results_sum   bigint   not null,
    clicks        bigint   not null,
    constraint search_counts_pkey primary key (portal_id, day, locale, source, query),
    constraint search_counts_portal_fkey foreign key (portal_id) references portals (id),
    constraint search_counts_source_check check (source in ('web', 'rest', 'mcp')),
    constraint search_counts_sums_check
        check (searches >= 0 and clicks >= 0 and zero_results >= 0 and low_results >= 0 and results_sum >= 0
               and zero_results + low_results <= searches)
);

-- Which results of a query were opened. The article may be gone: a sum is no reference.
create table search_clicks (
    portal_id   uuid    not null,
    day         date    not null,
    locale      text    not null collate "C",
    query       text    not null collate "C",
    article_id  uuid    not null,
    clicks      bigint  not null,
    constraint search_clicks_pkey primary key (portal_id, day, locale, query, article_id),
    constraint search_clicks_portal_fkey foreign key (portal_id) references portals (id),
    constraint search_clicks_sums_check check (clicks > 0)
);
